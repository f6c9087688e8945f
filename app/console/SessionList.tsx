// The user's sessions, as asker and as willsoner: the two lists as the server gives them, and the offers.
import type { ComponentChildren } from 'preact';
import type { Subcategory } from '../clients/openapi';
import type { Offer } from './offers';
import type { Party } from './sessions';
import { initial, useText, useTimes } from './text';
import type { Desk } from './useDesk';

export function SessionList({ desk }: { desk: Desk }) {
  const t = useText();
  const { lists: { asker, willsoner }, offers } = desk;
  return (
    <section class="pane list" tabIndex={-1} aria-label={t.sessions}>
      <Side party="asker" isEmpty={asker && offers.length + asker.ing.length + asker.reserve.length === 0}>
        <Group name={t.offers} size={offers.length}>
          {offers.map((offer) => <OfferCard key={offer.idx} offer={offer} desk={desk} />)}
        </Group>
        <Group name={t.ing} size={asker?.ing.length}>
          {asker?.ing.map(({ idx, concern, willsoner, start }) => (
            <Card key={idx} idx={idx} name={willsoner.asker.nickname} aside={<Begun at={start} time={concern.time} />}>
              <p class="topic">{willsoner.introduction}</p>
              <p>{willsoner.experience}</p>
              <Words words={[...willsoner.subcategories.map(topicOf), ...willsoner.keywords.map(({ name }) => `#${name}`)]} />
              <Enter desk={desk} party="asker" idx={idx} />
            </Card>
          ))}
        </Group>
        <Group name={t.reserve} size={asker?.reserve.length}>
          {asker?.reserve.map(({ idx, concern, willsoner, date }) => (
            <Card key={idx} idx={idx} name={willsoner.asker.nickname} aside={`${date.date_format} ${date.from_time} · ${t.minutes(concern.time)}`}>
              <Join desk={desk} party="asker" idx={idx} />
            </Card>
          ))}
        </Group>
      </Side>
      <Side party="willsoner" isEmpty={willsoner && willsoner.ing.length + willsoner.reserve.length === 0}>
        <Group name={t.ing} size={willsoner?.ing.length}>
          {willsoner?.ing.map(({ idx, concern, start }) => (
            <Card key={idx} idx={idx} name={concern.asker.nickname} aside={<Begun at={start} time={concern.time} />}>
              <p class="topic">{concern.content}</p>
              <Words words={[...(concern.subcategory ? [topicOf(concern.subcategory)] : []), ...concern.feelings.map(({ name }) => name)]} />
              <Enter desk={desk} party="willsoner" idx={idx} />
            </Card>
          ))}
        </Group>
        <Group name={t.reserve} size={willsoner?.reserve.length}>
          {willsoner?.reserve.map(({ idx, concern, date }) => (
            <Card key={idx} idx={idx} name={concern.asker.nickname} aside={`${date.date_format} ${date.from_time} · ${t.minutes(concern.time)}`}>
              <Join desk={desk} party="willsoner" idx={idx} />
            </Card>
          ))}
        </Group>
      </Side>
    </section>
  );
}

function Side({ party, isEmpty, children }: { party: Party; isEmpty: boolean | undefined; children: ComponentChildren }) {
  const t = useText();
  return (
    <section aria-labelledby={party}>
      <h2 id={party}>{party === 'asker' ? t.asAsker : t.asWillsoner}</h2>
      {isEmpty ? <p class="hint">{t.nothing}</p> : children}
    </section>
  );
}

function Group({ name, size = 0, children }: { name: string; size: number | undefined; children: ComponentChildren }) {
  if (size === 0) return null;
  return (
    <section aria-label={name}>
      <h3>{name} <span class="count">{size}</span></h3>
      {children}
    </section>
  );
}

function Card({ idx, name, aside, children }: { idx: number; name: string | undefined; aside: ComponentChildren; children: ComponentChildren }) {
  const t = useText();
  return (
    <article class="card" data-idx={idx}>
      <header>
        <span class="avatar" aria-hidden="true">{initial(name)}</span>
        <span class="lines"><strong>{name || t.nameless}</strong><span>{aside}</span></span>
        <code class="idx">{idx}</code>
      </header>
      {children}
    </article>
  );
}

function OfferCard({ offer: { idx, concern, willsoner, starts_at }, desk }: { offer: Offer; desk: Desk }) {
  const t = useText();
  const { dayOf } = useTimes();
  const when = starts_at ? dayOf(starts_at) : t.now;
  return (
    <Card idx={idx} name={willsoner?.nickname} aside={`${when} · ${t.minutes(concern.minutes)}`}>
      <p class="topic">{concern.content}</p>
      <p>{willsoner?.introduction}</p>
      <button type="button" class="primary" onClick={() => void desk.select(idx)}>{t.accept}</button>
    </Card>
  );
}

function Enter({ desk, party, idx }: { desk: Desk; party: Party; idx: number }) {
  const t = useText();
  const isOpen = desk.opened?.party === party && desk.opened.idx === idx;
  return (
    <button type="button" class="primary" aria-pressed={isOpen} onClick={() => void desk.join({ party, idx }, true)}>
      {isOpen ? t.entered : t.enter}
    </button>
  );
}

function Join({ desk, party, idx }: { desk: Desk; party: Party; idx: number }) {
  const t = useText();
  return <button type="button" onClick={() => void desk.join({ party, idx }, false)}>{t.enter}</button>;
}

function Begun({ at, time }: { at: number; time: string }) {
  const t = useText();
  const { dayOf } = useTimes();
  return <>{t.startedAt(dayOf(at))} · {t.minutes(time)}</>;
}

function Words({ words }: { words: string[] }) {
  if (words.length === 0) return null;
  return <ul class="words">{words.map((word) => <li key={word}>{word}</li>)}</ul>;
}

const topicOf = ({ name, category }: Subcategory) => [category?.name, name].filter(Boolean).join(' › ');
