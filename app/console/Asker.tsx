// The asker's side: concerns from their writing to the choice, and sessions.
import { useEffect, useState } from 'preact/hooks';
import type { CompletedConcern, RealtimeConcern, RealtimeOffers, ReserveConcern, ReserveOffers, WillsonerReviewsWithAverage } from '../clients/openapi';
import { Begun, Card, choosing, Clock, Enter, Group, Join, More, topicOf, useEnd, useLeft, windowOf, Words } from './cards';
import { ConcernForm } from './ConcernForm';
import type { Offer } from './offers';
import { Payment } from './Payment';
import { useText, useTimes } from './text';
import type { Desk } from './useDesk';
import { useKept } from './useKept';
import { useSending } from './useSending';

interface Paying {
  idx: number;
  isAgain: boolean; // after a session
}

export function Asker({ desk }: { desk: Desk }) {
  const t = useText();
  const { lists: { asker }, concerns, offers } = desk;
  const [isWriting, write] = useState(false);
  const [paying, payFor] = useState<Paying>();
  // No list of the server has them.
  const [unpaid, setUnpaid] = useKept<{ idx: number; content: string }[]>(`unpaid of ${desk.uid}`, []);
  const pay = (paying: Paying) => {
    desk.dismiss();
    payFor(paying);
  };
  const back = () => {
    desk.dismiss();
    payFor(undefined);
  };
  const written = (concern: { idx: number; content: string } | undefined) => {
    write(false);
    if (!concern) return;
    setUnpaid([concern, ...unpaid]);
    payFor({ idx: concern.idx, isAgain: false });
  };
  const gone = () => setUnpaid(unpaid.filter(({ idx }) => idx !== paying?.idx));
  const paid = () => {
    gone();
    payFor(undefined);
  };
  if (isWriting) return <ConcernForm desk={desk} done={written} />;
  if (paying) return <Payment desk={desk} {...paying} paid={paid} gone={gone} back={back} />;

  const size = (concerns?.total_count ?? 0) + unpaid.length + offers.length + (asker ? asker.ing.length + asker.reserve.length : 0);
  return (
    <section aria-labelledby="asker">
      <h2 id="asker">{t.asAsker}</h2>
      <p class="actions"><button type="button" class="primary" onClick={() => { desk.dismiss(); write(true); }}>{t.writeConcern}</button></p>
      {concerns && asker && size === 0 && <p class="hint">{t.nothing}</p>}
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
      <Group name={t.unpaid} size={unpaid.length}>
        {unpaid.map(({ idx, content }) => (
          <article key={idx} class="card" data-idx={idx}>
            <p class="topic">{content}</p>
            <button type="button" onClick={() => pay({ idx, isAgain: false })}>{t.toPayment}</button>
          </article>
        ))}
      </Group>
      <Group name={t.realtimeConcerns} size={concerns?.realtime.rows.length}>
        {concerns?.realtime.rows.map((concern) => <ConcernCard key={concern.idx} desk={desk} type="realtime" concern={concern} pay={pay} />)}
      </Group>
      <Group name={t.reserveConcerns} size={concerns?.reserve.rows.length}>
        {concerns?.reserve.rows.map((concern) => <ConcernCard key={concern.idx} desk={desk} type="reserve" concern={concern} pay={pay} />)}
      </Group>
      <Group name={t.offers} size={offers.length}>
        {offers.map((offer) => <OldOffer key={offer.idx} offer={offer} desk={desk} />)}
      </Group>
      <Group name={t.completedConcerns} size={concerns?.completed.rows.length}>
        {concerns?.completed.rows.map((concern) => <ConcernCard key={concern.idx} desk={desk} type="realtime" concern={concern} pay={pay} />)}
      </Group>
    </section>
  );
}

interface ConcernProps {
  desk: Desk;
  type: 'realtime' | 'reserve';
  concern: RealtimeConcern | ReserveConcern | CompletedConcern;
  pay(paying: Paying): void;
}

function ConcernCard({ desk, type, concern, pay }: ConcernProps) {
  const t = useText();
  const { idx, content, time, subcategory, personalities, status } = concern;
  const timer = 'timer' in concern ? concern.timer : undefined;
  const canPay = status === 'empty' || status === 'unmatched' || status === 'complete';
  return (
    <Card idx={idx} name={topicOf(subcategory)} aside={`${t.concernStatus[status]} · ${t.minutes(time)}`}>
      <p class="topic">{content}</p>
      {'dates' in concern && concern.dates?.map((date) => <p key={windowOf(date)}>{windowOf(date)}</p>)}
      <Words words={personalities.map(({ name }) => name)} />
      {status === 'init' && timer !== undefined && <Phase timer={timer} changed={desk.refreshConcerns} />}
      {status === 'init' && <OffersOn desk={desk} idx={idx} type={type} />}
      {canPay && <button type="button" onClick={() => pay({ idx, isAgain: status === 'complete' })}>{t.payAgain}</button>}
    </Card>
  );
}

// Phase counts down to the end of the offers, and then of the choice: at both ends the server may show another status.
function Phase({ timer, changed }: { timer: number; changed(): Promise<void> }) {
  const t = useText();
  const toOffer = useLeft(timer);
  const toChoose = useLeft(timer + choosing);
  useEnd(timer, () => void changed());
  useEnd(timer + choosing, () => void changed());
  return <p>{toOffer ? t.searching : t.choosing} <Clock left={toOffer || toChoose} /></p>;
}

type OfferRow = RealtimeOffers['matches'][number] | ReserveOffers['matches'][number];

// OffersOn shows who offers, and asks anew whenever somebody does.
function OffersOn({ desk, idx, type }: { desk: Desk; idx: number; type: 'realtime' | 'reserve' }) {
  const t = useText();
  const [offers, setOffers] = useState<OfferRow[]>();
  const heard = desk.told.filter(({ kind }) => kind === 'offered').length;
  const look = () => void desk.offersOn(idx, type).then((found) => found && setOffers(found));
  useEffect(look, [idx, heard]);
  return (
    <section aria-label={t.offersOn} class="offers">
      {offers?.length === 0 && <p class="hint">{t.noOffers}</p>}
      {offers?.map(({ idx, willsoner, ...offer }) => (
        <Card key={idx} idx={idx} name={willsoner.asker.nickname} aside={[willsoner.asker.gender, willsoner.asker.age, `★ ${willsoner.avg_rating}`].filter(Boolean).join(' · ')}>
          <p class="topic">{willsoner.introduction}</p>
          <p>{willsoner.experience}</p>
          {'date' in offer && offer.date && <p>{windowOf(offer.date)}</p>}
          <Words words={[...willsoner.subcategories.map(({ name }) => name), ...willsoner.keywords.map(({ name }) => `#${name}`)].filter(Boolean)} />
          <More name={t.reviewsOf} ask={() => desk.reviews(idx, type)} show={(reviews) => <Reviews {...reviews} />} />
          <Accept desk={desk} idx={idx} />
        </Card>
      ))}
      <button type="button" class="plain" onClick={look}>{t.lookAgain}</button>
    </section>
  );
}

function Reviews({ count, avg, rows }: WillsonerReviewsWithAverage) {
  const t = useText();
  return (
    <>
      <p class="hint">{t.reviewCount(count, avg)}</p>
      <ul class="ledger">
        {rows.map(({ idx, title, content, rating, date }) => (
          <li key={idx}>★ {rating} <strong>{title}</strong> {content} <span>{date}</span></li>
        ))}
      </ul>
    </>
  );
}

function Accept({ desk, idx }: { desk: Desk; idx: number }) {
  const t = useText();
  const [isSending, send] = useSending();
  return <button type="button" class="primary" aria-disabled={isSending} onClick={() => void send(() => desk.select(idx))}>{t.accept}</button>;
}

function OldOffer({ offer: { idx, concern, willsoner, starts_at }, desk }: { offer: Offer; desk: Desk }) {
  const t = useText();
  const { dayOf } = useTimes();
  const when = starts_at ? dayOf(starts_at) : t.now;
  return (
    <Card idx={idx} name={willsoner?.nickname} aside={`${when} · ${t.minutes(concern.minutes)}`}>
      <p class="topic">{concern.content}</p>
      <p>{willsoner?.introduction}</p>
      <Accept desk={desk} idx={idx} />
    </Card>
  );
}
