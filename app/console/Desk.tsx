// A signed-in window: the road and the sessions, the talk that is open, and what goes over the wire. A phone shows one at a
// time.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Local } from './local';
import type { Told } from './notices';
import type { Person } from './person';
import { Road, type Side } from './Road';
import { Talk } from './Talk';
import { useSession } from './session';
import { useText } from './text';
import { useDesk, type Desk } from './useDesk';
import { useKept } from './useKept';
import { Wire } from './Wire';

type Pane = 'sessions' | 'talk' | 'wire';

export function DeskPage({ local, person }: { local: Local; person: Person }) {
  const t = useText();
  const desk = useDesk(local, person);
  const session = useSession(desk);
  const [pane, show] = useState<Pane>('sessions');
  const [side, setSide] = useKept<Side>(`side of ${person.user.uid}`, 'asker');
  const { notice, news } = desk;

  useEffect(() => show(session ? 'talk' : 'sessions'), [session?.roomkey]);
  const showSide = (side: Side) => {
    desk.dismiss();
    setSide(side);
  };
  const showNews = (told: Told) => {
    desk.read();
    show('sessions');
    setSide(sideOf(told, desk));
  };

  const main = useRef<HTMLElement>(null);
  useEffect(() => keepFocus(main.current!), []);

  return (
    <main class="desk" data-pane={pane} tabIndex={-1} ref={main}>
      <nav class="panes" aria-label={t.panes}>
        {([['sessions', t.sessions], ['talk', t.talk], ['wire', `${t.exchangesShort} ${desk.exchanges.length}`]] as const).map(([name, label]) => (
          <button key={name} type="button" aria-pressed={pane === name} onClick={() => show(name)}>{label}</button>
        ))}
      </nav>
      <div class="notices">
        <p class={notice?.isBad ? 'notice bad' : 'notice'} role="status">
          {notice && <>{t.outcome[notice.outcome]} {notice.detail && <code>{notice.detail}</code>}</>}
        </p>
        <div class="notice news" role="status">
          {news && (
            <>
              <p>{t.toldNow(t.kind[news.kind])}</p>
              <button type="button" class="plain" onClick={() => showNews(news)}>{t.show}</button>
            </>
          )}
        </div>
      </div>
      <Road desk={desk} side={side} show={showSide} />
      {session ? (
        <Talk key={session.roomkey} local={local} user={person.user} desk={desk} session={session} />
      ) : (
        <section class="pane talk empty" tabIndex={-1} aria-label={t.talk}>
          <p>{t.emptyTalk}</p>
          <p>{t.emptyTalkHint}</p>
          <ol>{t.road.map((step) => <li key={step}>{step}</li>)}</ol>
        </section>
      )}
      <Wire desk={desk} />
    </main>
  );
}

// sideOf is where the user sees what he was told of. Either party is told that the other is here.
function sideOf({ kind }: Told, { lists: { willsoner } }: Desk): Side {
  if (kind === 'joined') return willsoner?.ing.length ? 'willsoner' : 'asker';
  return ({ requested: 'willsoner', offered: 'asker', selected: 'willsoner', reviewed: 'me' } as const)[kind];
}

// keepFocus gives the focus to the pane of what had it and is gone, as a button that was pressed: the keyboard goes on
// from there. It returns how to stop that.
function keepFocus(main: HTMLElement): () => void {
  let focused: Element | undefined;
  let pane: HTMLElement | null = null;
  const remember = ({ target }: FocusEvent) => {
    focused = target as Element;
    pane = focused.closest('.pane');
  };
  const observer = new MutationObserver(() => {
    if (focused?.isConnected === false && document.activeElement === document.body) {
      (pane?.isConnected ? pane : main.querySelector<HTMLElement>('.pane'))?.focus({ preventScroll: true });
    }
  });
  main.addEventListener('focusin', remember);
  observer.observe(main, { childList: true, subtree: true });
  return () => observer.disconnect();
}
