// A room as its two participants see it: the steps into the talk, its clock, the messages, and for the asker its end.
import type { User } from 'firebase/auth';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLeft } from './cards';
import type { Local } from './local';
import { ReviewForm } from './ReviewForm';
import { areBothIn, Room, type Message, type Step, type Talk as Chats } from './room';
import type { Session } from './session';
import { clock, messageOf, useText, useTimes } from './text';
import type { Desk } from './useDesk';

const longest = 2000;

interface Props {
  local: Local;
  user: User;
  desk: Desk;
  session: Session;
}

export function Talk({ local, user, desk, session }: Props) {
  const t = useText();
  const { minuteOf } = useTimes();
  const { party, idx, roomkey, minutes, other, isUnderWay } = session;
  const room = useMemo(() => new Room(local.db, roomkey, user.uid, party), [local, user, roomkey, party]);
  const [{ start, intro, end, messages }, show] = useState<Chats>({ messages: [] });
  const [problem, setProblem] = useState('');
  const [isReviewing, setReviewing] = useState(false);
  const [reported, setReported] = useState<readonly string[]>([]);
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => heading.current?.focus(), []);
  useEffect(() => room.watch(show, (error) => setProblem(messageOf(error))), [room]);

  const begin = end?.timeStamp?.toMillis();
  const left = useLeft(begin && begin + minutes * 60_000);
  const isOver = left === 0;
  useEffect(() => {
    if (isOver && party === 'asker') setReviewing(true);
  }, [isOver]);

  const report = async (message: Message) => {
    if (await desk.report(idx, message.id)) setReported((ids) => [...ids, message.id]);
  };
  const isIn = (step: Step | null | undefined) => step?.readUser?.[user.uid] === true;

  return (
    <section class="pane talk" tabIndex={-1} aria-labelledby="talk">
      <header>
        <h2 id="talk" tabIndex={-1} ref={heading}>{t.talkWith(other || t.nameless)}</h2>
        {isUnderWay && left !== undefined && <span class="clock" role="timer">{isOver ? t.timeUp : t.left(clock(left))}</span>}
        <button type="button" onClick={() => desk.open(undefined)}>{t.close}</button>
      </header>
      <ol class="steps" aria-label={t.steps}>
        <Progress id="start" step={start} isIn={isIn(start)} other={other} />
        <Progress id="intro" step={intro} isIn={isIn(intro)} other={other}>
          {isUnderWay && intro?.timeStamp && !isIn(intro) && (
            <button type="button" class="primary" onClick={() => room.agree()}>{t.agree}</button>
          )}
        </Progress>
        <li class={begin ? 'done' : ''} data-step="end">
          <strong>{t.step.end}</strong>
          <span>{begin ? t.startedAt(minuteOf(begin)) : t.minutes(minutes)}</span>
        </li>
      </ol>
      {isReviewing && isUnderWay ? (
        <ReviewForm desk={desk} idx={idx} back={() => setReviewing(false)} />
      ) : (
        <>
          <Messages messages={messages} me={user.uid} canReport={party === 'asker'} reported={reported} report={report} />
          {!isUnderWay && <p class="hint">{t.closed}</p>}
          {isUnderWay && isOver && <p class="hint">{t.over}</p>}
          {isUnderWay && !isOver && <Composer isOpen={begin !== undefined} waiting={areBothIn(start) ? t.waitForBoth : t.waitForOther} say={(message) => room.say(message)} />}
          {isUnderWay && party === 'asker' && begin && <button type="button" onClick={() => setReviewing(true)}>{t.finish}</button>}
        </>
      )}
      <p class="problem" role="alert">{problem}</p>
    </section>
  );
}

interface ProgressProps {
  id: 'start' | 'intro';
  step: Step | null | undefined;
  isIn: boolean;
  other: string;
  children?: ComponentChildren;
}

function Progress({ id, step, isIn, other, children }: ProgressProps) {
  const t = useText();
  const readers = Object.keys(step?.readUser ?? {}).length;
  const people = [{ name: t.me, isDone: isIn }, { name: other || t.nameless, isDone: readers > (isIn ? 1 : 0) }];
  return (
    <li class={areBothIn(step) ? 'done' : ''} data-step={id}>
      <strong>{t.step[id]}</strong>
      {people.map(({ name, isDone }, i) => (
        <span key={i} class={isDone ? 'in' : ''}>
          <span aria-hidden="true">{isDone ? '●' : '○'}</span> {name} <span class="unseen">{isDone ? t.done : t.notYet}</span>
        </span>
      ))}
      {children}
    </li>
  );
}

interface MessagesProps {
  messages: Message[];
  me: string;
  canReport: boolean;
  reported: readonly string[];
  report(message: Message): void;
}

function Messages({ messages, me, canReport, reported, report }: MessagesProps) {
  const t = useText();
  const { minuteOf } = useTimes();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [messages]);

  return (
    <div class="messages" role="log" aria-label={t.messages} tabIndex={0} ref={list}>
      <ol>
        {messages.map((message) => (
          <li key={message.id} class={message.uid === me ? 'mine' : ''}>
            <p>{message.message}</p>
            <small>{message.timeStamp && minuteOf(message.timeStamp.toMillis())}</small>
            {canReport && message.uid !== me && (reported.includes(message.id) ? <small>{t.reported}</small> : (
              <button type="button" class="plain" aria-label={t.reportMessage(message.message)} onClick={() => report(message)}>{t.report}</button>
            ))}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Composer({ isOpen, waiting, say }: { isOpen: boolean; waiting: string; say(message: string): void }) {
  const t = useText();
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const message = String(new FormData(form).get('message')).trim();
    if (message) say(message);
    form.reset();
  };
  // While Hangul is being composed, Enter ends the syllable and nothing else.
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
  };
  return (
    <form class="composer" onSubmit={send}>
      <textarea name="message" rows={2} maxLength={longest} aria-label={t.write} disabled={!isOpen} onKeyDown={sendOnEnter}
        placeholder={isOpen ? t.write : waiting} />
      <button type="submit" class="primary" disabled={!isOpen}>{t.send}</button>
    </form>
  );
}
