// A room as its two participants see it: the steps into the talk, its clock, and the messages.
import type { User } from 'firebase/auth';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Local } from './local';
import { Chats, type Message, type Step, type Talk } from './talk';
import { clock, messageOf, minuteOf } from './text';

const longest = 2000;

interface Person {
  uid: string;
  name: string;
}

export function TalkRoom({ local, user, roomkey }: { local: Local; user: User; roomkey: string }) {
  const chats = useMemo(() => new Chats(local.db, roomkey, user.uid), [local, roomkey, user]);
  const [{ room, start, intro, end, messages }, setTalk] = useState<Talk>({ messages: [] });
  const [problem, setProblem] = useState('');
  const failed = (error: unknown) => setProblem(messageOf(error));

  const attempt = (work: Promise<unknown>) => {
    setProblem('');
    work.catch(failed);
  };

  useEffect(() => chats.watch(setTalk, failed), [chats]);

  const people: Person[] = room ? [
    { uid: room.asker_uid, name: room.concern.nickname ?? '질문자' },
    { uid: room.willsoner_uid, name: room.willsoner.nickname ?? '윌스너' },
  ] : [];
  const underWay = room?.status === 'chat';
  const isIn = (step: Step | undefined, { uid } = user as { uid: string }) => step?.readUser[uid] === true;
  const areBothIn = (step: Step | undefined) => people.length > 0 && people.every((person) => isIn(step, person));

  useOnce(underWay && user.uid === room?.asker_uid && areBothIn(start) && !intro, () => attempt(chats.introduce()));
  useOnce(underWay && areBothIn(intro) && !end, () => attempt(chats.begin()));
  useMarkRead(messages, user.uid, (message) => void chats.markRead(message).catch(failed));

  return (
    <section class="pane talk" aria-labelledby="talk">
      <header>
        <h2 id="talk">{people.find(({ uid }) => uid !== user.uid)?.name ?? '대화'}</h2>
        <code title={roomkey}>{roomkey}</code>
        {room && end?.timeStamp && <Clock until={end.timeStamp.toMillis() + room.concern.minutes * 60_000} />}
      </header>
      <ol class="steps" aria-label="대화에 이르는 단계">
        <Progress name="입장" id="start" people={people} done={areBothIn(start)} isIn={(person) => isIn(start, person)}>
          {underWay && start && !isIn(start) && <button type="button" class="primary" onClick={() => attempt(chats.enter(start))}>입장하기</button>}
        </Progress>
        <Progress name="동의" id="intro" people={people} done={areBothIn(intro)} isIn={(person) => isIn(intro, person)}>
          {underWay && intro && !intro.pending && !isIn(intro) && <button type="button" class="primary" onClick={() => attempt(chats.agree(intro))}>동의하기</button>}
        </Progress>
        <Progress name="대화" id="end" people={[]} done={end !== undefined} isIn={() => false}>
          {end?.timeStamp && <span>{minuteOf(end.timeStamp.toMillis())} 시작</span>}
        </Progress>
      </ol>
      <Messages messages={messages} me={user.uid} people={people} />
      {problem && <p class="problem" role="alert">{problem}</p>}
      {room && !underWay && <p class="hint">끝난 상담입니다.</p>}
      {underWay && <Composer waiting={!end} say={(text) => attempt(chats.say(text))} />}
    </section>
  );
}

interface ProgressProps {
  name: string;
  id: string;
  people: Person[];
  done: boolean;
  isIn(person: Person): boolean;
  children: ComponentChildren;
}

function Progress({ name, id, people, done, isIn, children }: ProgressProps) {
  return (
    <li class={done ? 'done' : ''} data-step={id}>
      <p><strong>{name}</strong> <code>{id}</code></p>
      {people.map((person) => (
        <p key={person.uid} class={isIn(person) ? 'in' : ''}>
          <span aria-hidden="true">{isIn(person) ? '●' : '○'}</span> {person.name}
          <span class="unseen">{isIn(person) ? '했음' : '아직'}</span>
        </p>
      ))}
      {children}
    </li>
  );
}

function Clock({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(tick);
  }, []);
  const left = until - now;
  return <span class="clock" role="timer">{left > 0 ? `${clock(left)} 남음` : '시간이 다 됨'}</span>;
}

function Messages({ messages, me, people }: { messages: Message[]; me: string; people: Person[] }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [messages.length]);
  const nameOf = (uid: string) => people.find((person) => person.uid === uid)?.name ?? uid;
  const wasRead = (message: Message) => Object.keys(message.readUser).some((uid) => uid !== me);

  return (
    <div class="messages" role="log" aria-label="메시지" tabIndex={0} ref={list}>
      <ol>
        {messages.map((message) => (
          <li key={message.id} class={message.uid === me ? 'mine' : ''}>
            <span class="unseen">{nameOf(message.uid)}</span>
            <p>{message.message}</p>
            <small>
              {message.uid === me && <span>{message.pending ? '보내는 중' : wasRead(message) ? '읽음' : '안 읽음'}</span>}
              {message.timeStamp && <time>{minuteOf(message.timeStamp.toMillis())}</time>}
            </small>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Composer({ waiting, say }: { waiting: boolean; say(text: string): void }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get('message')).trim();
    if (text) say(text);
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
      <textarea name="message" rows={2} maxLength={longest} aria-label="메시지 쓰기" disabled={waiting} onKeyDown={sendOnEnter}
        placeholder={waiting ? '두 사람이 동의하면 쓸 수 있습니다' : '메시지'} />
      <button type="submit" class="primary" disabled={waiting}>보내기</button>
    </form>
  );
}

// useOnce does what is due once: a refusal is taken back in the local copy, and it would be due again at once.
function useOnce(due: boolean, work: () => void) {
  const done = useRef(false);
  useEffect(() => {
    if (!due || done.current) return;
    done.current = true;
    work();
  }, [due]);
}

function useMarkRead(messages: Message[], me: string, markRead: (message: Message) => void) {
  const [visible, setVisible] = useState(document.visibilityState === 'visible');
  const marked = useRef(new Set<string>());
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  useEffect(() => {
    if (!visible) return;
    for (const message of messages) {
      if (message.uid === me || message.readUser[me] || marked.current.has(message.id)) continue;
      marked.current.add(message.id);
      markRead(message);
    }
  }, [messages, visible, me]);
}
