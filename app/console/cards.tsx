// What the lists of both roles are made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Subcategory } from '../clients/openapi';
import type { Party } from './sessions';
import { clock, initial, useText, useTimes } from './text';
import type { Desk } from './useDesk';

export const choosing = 300_000; // ms after a concern's timer

export function Group({ name, size = 0, children }: { name: string; size: number | undefined; children: ComponentChildren }) {
  if (size === 0) return null;
  return (
    <section aria-label={name}>
      <h3>{name} <span class="count">{size}</span></h3>
      {children}
    </section>
  );
}

interface CardProps {
  idx: number;
  name: string | undefined;
  aside: ComponentChildren;
  children?: ComponentChildren;
}

export function Card({ idx, name, aside, children }: CardProps) {
  const t = useText();
  return (
    <article class="card" data-idx={idx}>
      <header>
        <span class="avatar" aria-hidden="true">{initial(name)}</span>
        <span class="lines">
          <span class="title"><strong>{name || t.nameless}</strong> <code class="idx">{idx}</code></span>
          <span>{aside}</span>
        </span>
      </header>
      {children}
    </article>
  );
}

export function Enter({ desk, party, idx }: { desk: Desk; party: Party; idx: number }) {
  const t = useText();
  const isOpen = desk.opened?.party === party && desk.opened.idx === idx;
  return (
    <button type="button" class="primary" aria-pressed={isOpen} onClick={() => void desk.join({ party, idx }, true)}>
      {isOpen ? t.entered : t.enter}
    </button>
  );
}

export function Join({ desk, party, idx }: { desk: Desk; party: Party; idx: number }) {
  const t = useText();
  return <button type="button" onClick={() => void desk.join({ party, idx }, false)}>{t.enter}</button>;
}

export function Begun({ at, time }: { at: number; time: string }) {
  const t = useText();
  const { dayOf } = useTimes();
  return <>{t.startedAt(dayOf(at))} · {t.minutes(time)}</>;
}

export function Words({ words }: { words: string[] }) {
  if (words.length === 0) return null;
  return <ul class="words">{words.map((word) => <li key={word}>{word}</li>)}</ul>;
}

export const topicOf = ({ name, category }: Subcategory) => [category?.name, name].filter(Boolean).join(' › ');

export const windowOf = ({ date_format, from_time, to_time }: { date_format: string; from_time: string; to_time: string }) => (
  `${date_format} ${from_time}–${to_time}`
);

// A Clock counts down.
export function Clock({ left }: { left: number | undefined }) {
  const t = useText();
  return <span class="clock" role="timer">{left === 0 ? t.timeUp : t.left(clock(left ?? 0))}</span>;
}

// More is asked for when it is opened.
export function More<T>({ name, ask, show }: { name: string; ask(): Promise<T | undefined>; show(found: T): ComponentChildren }) {
  const [found, setFound] = useState<T>();
  return (
    <details class="more" onToggle={({ currentTarget }) => currentTarget.open && void ask().then(setFound)}>
      <summary>{name}</summary>
      {found !== undefined && show(found)}
    </details>
  );
}

// useEnd calls over when a time has come.
export function useEnd(until: number, over: () => void) {
  const isOver = useLeft(until) === 0;
  useEffect(() => {
    if (isOver) over();
  }, [isOver]);
}

// useLeft returns how many milliseconds are left until a time, or undefined as long as that is not known.
export function useLeft(until: number | undefined): number | undefined {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!until) return;
    setNow(Date.now());
    const tick = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(tick);
  }, [until]);
  return until && Math.max(0, until - now);
}
