// What a talk would cost and who might answer, and paying for it.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MatchType, Prices } from '../clients/openapi';
import { Card, Words } from './cards';
import { useText } from './text';
import type { Desk } from './useDesk';
import { useSending } from './useSending';

interface Props {
  desk: Desk;
  idx: number;
  isAgain: boolean; // after a session: it can be asked for the same willsoners, or for others
  paid(): void;
  gone(): void; // the concern is not there, or was paid for elsewhere
  back(): void;
}

export function Payment({ desk, idx, isAgain, paid, gone, back }: Props) {
  const t = useText();
  const [prices, setPrices] = useState<Prices | null>();
  const [matchType, setMatchType] = useState<MatchType>();
  const [missing, setMissing] = useState(0);
  const [isSending, send] = useSending();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [idx]);
  useEffect(() => void desk.prices(idx, matchType).then((found) => {
    setPrices(found ?? null);
    if (found === null) gone();
  }), [idx, matchType]);

  // As the app does, it asks what is missing and pays whatever the answer is.
  const pay = (ticket: number) => send(async () => {
    setMissing(await desk.missing(ticket));
    if (await desk.pay(idx, ticket, matchType)) paid();
  });

  return (
    <section class="road" aria-labelledby="pay">
      <h2 id="pay" tabIndex={-1} ref={heading}>{t.payment}</h2>
      {prices === null && <p class="hint">{t.cannotPay}</p>}
      {prices && (
        <>
          <p class="topic">{prices.concern.content}</p>
          {isAgain && (
            <label>{t.sendTo}
              <select value={matchType ?? 0} onChange={(event) => setMatchType((Number(event.currentTarget.value) || undefined) as MatchType | undefined)}>
                {t.matchType.map((name, i) => <option key={i} value={i}>{name}</option>)}
              </select>
            </label>
          )}
          <p>{t.pots} <strong>{prices.point.honeypot}</strong></p>
          <ul class="tickets">
            {prices.tickets.map(({ idx, type, amount }) => (
              <li key={idx}><button type="button" class="primary" aria-disabled={isSending} onClick={() => void pay(idx)}>{type} · {amount}</button></li>
            ))}
          </ul>
          <p class="problem" role="alert">{missing > 0 && t.missing(missing)}</p>
          <section aria-label={t.mightAnswer}>
            <h3>{t.mightAnswer} <span class="count">{prices.willsoners.length}</span></h3>
            {prices.willsoners.length === 0 && <p class="hint">{t.nobodyFits}</p>}
            {prices.willsoners.map(({ idx, asker, avg_rating, introduction, subcategories, keywords }) => (
              <Card key={idx} idx={idx} name={asker.nickname} aside={[asker.gender, asker.age, `★ ${avg_rating}`].filter(Boolean).join(' · ')}>
                <p>{introduction}</p>
                <Words words={[...subcategories.map(({ name }) => name), ...keywords.map(({ name }) => `#${name}`)].filter(Boolean)} />
              </Card>
            ))}
          </section>
        </>
      )}
      <p class="actions"><button type="button" class="plain" onClick={back}>{t.back}</button></p>
    </section>
  );
}
