// The willsoner's side: what was sent to him, his offers, and sessions.
import { useState } from 'preact/hooks';
import type { RealtimeRequestRow, ReserveRequestRow } from '../clients/openapi';
import { Begun, Card, choosing, Clock, Enter, Group, Join, More, topicOf, useEnd, useLeft, windowOf, Words } from './cards';
import { inSeoul, useText } from './text';
import type { Desk } from './useDesk';
import { useSending } from './useSending';

const grace = 60_000; // ms for which a choice is still taken, and shown as possible

export function WillsonerSide({ desk }: { desk: Desk }) {
  const t = useText();
  const { lists: { willsoner }, incoming, home } = desk;
  const size = (incoming ? incoming.realtime.length + incoming.reserve.length : 0) + (willsoner ? willsoner.ing.length + willsoner.reserve.length : 0);
  return (
    <section aria-labelledby="willsoner">
      <h2 id="willsoner">{t.asWillsoner}</h2>
      {home && !home.willsoner.willsoner && <p class="hint">{t.notRegistered}</p>}
      {incoming && willsoner && size === 0 && <p class="hint">{t.nothing}</p>}
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
      <Group name={t.realtimeRequests} size={incoming?.realtime.length}>
        {incoming?.realtime.map((row) => <RequestCard key={row.idx} desk={desk} row={row} />)}
      </Group>
      <Group name={t.reserveRequests} size={incoming?.reserve.length}>
        {incoming?.reserve.map((row) => <RequestCard key={row.idx} desk={desk} row={row} />)}
      </Group>
      <p class="actions"><button type="button" onClick={() => void desk.refreshIncoming()}>{t.lookAgain}</button></p>
    </section>
  );
}

// Phase counts down to the end of the offers, or of the choice once there is an offer.
function Phase({ timer, isOffered, over }: { timer: number; isOffered: boolean; over(): Promise<void> }) {
  const t = useText();
  const left = useLeft(isOffered ? timer + choosing : timer);
  useEnd(isOffered ? timer + choosing + grace : timer, () => void over());
  return <p>{isOffered ? t.choosing : t.timeToOffer} <Clock left={left} /></p>;
}

function RequestCard({ desk, row: { idx, status, concern } }: { desk: Desk; row: RealtimeRequestRow | ReserveRequestRow }) {
  const t = useText();
  const [isSending, send] = useSending();
  const dates = 'dates' in concern ? concern.dates : undefined;
  const isOpen = status !== 'closed';
  const who = [concern.asker.gender, concern.asker.age].filter(Boolean).join(' · ');
  return (
    <Card idx={idx} name={concern.asker.nickname || concern.content} aside={[t.requestStatus[status], concern.time && t.minutes(concern.time), who].filter(Boolean).join(' · ')}>
      {concern.asker.nickname && <p class="topic">{concern.content}</p>}
      {dates?.map((date) => <p key={windowOf(date)}>{windowOf(date)}</p>)}
      <Words words={[topicOf(concern.subcategory), ...concern.feelings.map(({ name }) => name)].filter(Boolean)} />
      {isOpen && (
        <More name={t.details} ask={() => desk.request(idx, dates ? 'reserve' : 'realtime')}
          show={({ direction }) => <p>{t.direction}: {direction.name}</p>} />
      )}
      {isOpen && 'timer' in concern && <Phase timer={concern.timer} isOffered={status === 'waiting'} over={desk.refreshIncoming} />}
      {status === 'init' && (dates ? <Hour desk={desk} idx={idx} dates={dates} /> : (
        <button type="button" class="primary" aria-disabled={isSending} onClick={() => void send(() => desk.offer(idx))}>{t.offer}</button>
      ))}
      {status === 'waiting' && <p class="hint">{t.waitsForAsker}</p>}
    </Card>
  );
}

const soon = 300_000; // ms from now: one can join at once

// Hour offers a talk at an hour within one of the windows.
function Hour({ desk, idx, dates }: { desk: Desk; idx: number; dates: ReserveRequestRow['concern']['dates'] }) {
  const t = useText();
  const [place, setPlace] = useState(0);
  const chosen = dates[place] ?? dates[0]!;
  const first = inSeoul(Date.now() + soon);
  const [isSending, send] = useSending();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    void send(() => desk.offer(idx, { date: chosen.date, from_time: String(form.get('from_time')) }));
  };
  return (
    <form class="hour" onSubmit={submit}>
      <label>{t.date}
        <select value={place} onChange={(event) => setPlace(Number(event.currentTarget.value))}>
          {dates.map((date, i) => <option key={windowOf(date)} value={i}>{windowOf(date)}</option>)}
        </select>
      </label>
      <label>{t.hour}
        <input type="time" name="from_time" key={place} required
          defaultValue={chosen.date === first.date && chosen.from_time < first.hour ? first.hour : chosen.from_time} />
      </label>
      <button type="submit" class="primary" aria-disabled={isSending}>{t.offer}</button>
    </form>
  );
}
