// The list as the phone shows it to the asker, and below it the rooms that the user counsels in, which no list of
// the API has.
import type { ComponentChildren } from 'preact';
import type { IngRow, ReserveRow } from './api';
import type { Room } from './sessions';
import { dayOf, initial, minuteOf } from './text';
import { rowKey, type useSessions } from './useSessions';

interface Props {
  sessions: ReturnType<typeof useSessions>;
  opened: string;
  open(roomkey: string): void;
}

export function SessionList({ sessions: { exchanges, marks, counsels }, opened, open }: Props) {
  const answer = exchanges.at(-1);
  const { count = 0, ing = [], reserve = [] } = answer?.data ?? {};
  const opener = (roomkey: string) => (
    <button type="button" class="primary" aria-pressed={opened === roomkey} onClick={() => open(roomkey)}>
      {opened === roomkey ? '열린 대화' : '대화 열기'}
    </button>
  );

  return (
    <section class="pane list" aria-labelledby="list">
      <h2 id="list">상담 목록 <span class="count">{count}</span></h2>
      {answer && count === 0 && <p class="hint">질문자로서의 상담이 없습니다.</p>}
      <Group name="진행중인 상담" size={ing.length}>
        {ing.map((row) => <Ing key={row.idx} row={row} mark={marks.get(rowKey('ing', row.idx))}>{opener(row.roomkey)}</Ing>)}
      </Group>
      <Group name="예약된 상담" size={reserve.length}>
        {reserve.map((row) => <Reserve key={row.idx} row={row} mark={marks.get(rowKey('reserve', row.idx))} />)}
      </Group>
      <Group name="윌스너로 하는 상담" size={counsels.length}>
        {counsels.map((room) => <Counsel key={room.roomkey} room={room}>{opener(room.roomkey)}</Counsel>)}
      </Group>
    </section>
  );
}

function Group({ name, size, children }: { name: string; size: number; children: ComponentChildren }) {
  if (size === 0) return null;
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      {children}
    </section>
  );
}

interface CardProps {
  idx: number;
  name: string | undefined;
  aside: ComponentChildren;
  mark?: string | undefined;
  children: ComponentChildren;
}

function Card({ idx, name, aside, mark, children }: CardProps) {
  return (
    <article class={mark ? 'card changed' : 'card'} data-idx={idx}>
      <header>
        <span class="avatar" aria-hidden="true">{initial(name)}</span>
        <span class="lines"><strong>{name ?? '이름 없음'}</strong><span>{aside}</span></span>
        {mark && <span class="badge">{mark}</span>}
      </header>
      {children}
    </article>
  );
}

function Ing({ row: { idx, concern, willsoner, start }, mark, children }: {
  row: IngRow; mark: string | undefined; children: ComponentChildren;
}) {
  const { asker, introduction, experience, subcategories, keywords } = willsoner;
  const topics = subcategories.map(({ name, category }) => [category?.name, name].filter(Boolean).join(' › '));
  return (
    <Card idx={idx} name={asker.nickname} mark={mark} aside={[asker.gender, ...topics].filter(Boolean).join(' · ')}>
      {introduction && <p class="introduction">{introduction}</p>}
      {experience && <p>{experience}</p>}
      {keywords.length > 0 && (
        <ul class="keywords" aria-label="키워드">{keywords.map(({ name }) => <li key={name}>#{name}</li>)}</ul>
      )}
      <p class="facts">
        {concern.nickname && <span>{concern.nickname}의 고민</span>}
        <span>{concern.time}분</span>
        <span>{dayOf(start)} {minuteOf(start)} 시작</span>
      </p>
      {children}
    </Card>
  );
}

function Reserve({ row: { idx, concern, willsoner, date }, mark }: { row: ReserveRow; mark: string | undefined }) {
  return (
    <Card idx={idx} name={willsoner.asker.nickname} mark={mark} aside={(
      <>{date.date_format} {date.from_time} · {concern.time}분</>
    )}>{null}</Card>
  );
}

function Counsel({ room: { idx, concern, started_at }, children }: { room: Room; children: ComponentChildren }) {
  const start = started_at.toMillis();
  return (
    <Card idx={idx} name={concern.nickname} aside={<>{concern.minutes}분 · {dayOf(start)} {minuteOf(start)} 시작</>}>
      {children}
    </Card>
  );
}
