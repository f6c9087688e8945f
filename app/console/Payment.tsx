// What a talk would cost and who might answer, and paying for it.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Prices } from '../clients/openapi';
import { Words } from './cards';
import { useText } from './text';
import type { Desk } from './useDesk';

export function Payment({ desk, idx, done }: { desk: Desk; idx: number; done(): void }) {
  const t = useText();
  const [prices, setPrices] = useState<Prices | null>();
  const [isSending, setSending] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    desk.prices(idx).then((found) => setPrices(found ?? null), () => setPrices(null));
  }, [idx]);

  const pay = (ticket: number) => {
    setSending(true);
    void desk.pay(idx, ticket).then((paid) => paid && done()).finally(() => setSending(false));
  };

  return (
    <section class="road" aria-labelledby="pay">
      <h2 id="pay" tabIndex={-1} ref={heading}>{t.payment}</h2>
      {prices === null && <p class="hint">{t.cannotPay}</p>}
      {prices && (
        <>
          <p class="topic">{prices.concern.content}</p>
          <p>{t.pots} <strong>{prices.point.honeypot}</strong></p>
          <ul class="tickets">
            {prices.tickets.map(({ idx, type, amount }) => (
              <li key={idx}><button type="button" class="primary" disabled={isSending} onClick={() => pay(idx)}>{type} · {amount}</button></li>
            ))}
          </ul>
          <h3>{t.mightAnswer} <span class="count">{prices.willsoners.length}</span></h3>
          {prices.willsoners.length === 0 && <p class="hint">{t.nobodyFits}</p>}
          {prices.willsoners.map(({ idx, asker, introduction, subcategories }) => (
            <div key={idx} class="line"><strong>{asker.nickname}</strong> <span>{introduction}</span><Words words={subcategories.map(({ name }) => name).filter(Boolean)} /></div>
          ))}
        </>
      )}
      <p class="actions"><button type="button" class="plain" onClick={done}>{t.back}</button></p>
    </section>
  );
}
