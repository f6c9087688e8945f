// My page: pots, the way to become a willsoner, and what this user's phone would have been told.
import { useEffect, useState } from 'preact/hooks';
import type { Picture } from '../clients/openapi';
import { Words } from './cards';
import { initial, useText, useTimes } from './text';
import type { Desk } from './useDesk';
import { useSending } from './useSending';
import { useSubject } from './useSubject';

export function MyPage({ desk }: { desk: Desk }) {
  const t = useText();
  const { dayOf } = useTimes();
  const { home, told } = desk;
  if (!home) return <p class="hint">{t.loading}</p>;
  const { asker, willsoner, ledger } = home;
  const status = asker.willsoner?.status;
  return (
    <section aria-labelledby="me">
      <h2 id="me">{t.side.me}</h2>
      <div class="card">
        <header>
          <span class="avatar" aria-hidden="true">{initial(asker.nickname)}</span>
          <span class="lines"><strong>{asker.nickname}</strong><span>{asker.email}</span></span>
        </header>
        <p>{t.pots} <strong>{asker.point.honeypot}</strong></p>
      </div>
      {status && willsoner.willsoner && (
        <section aria-label={t.asWillsoner}>
          <h3>{t.asWillsoner}</h3>
          <div class="card">
            <p><strong>{t.willsonerStatus(status)}</strong> · ★ {willsoner.willsoner.avg_rating}</p>
            <p class="topic">{willsoner.willsoner.introduction}</p>
            <Words words={willsoner.willsoner.keywords.map(({ name }) => `#${name}`)} />
          </div>
          {status === 'waiting' && <Invitation desk={desk} />}
        </section>
      )}
      <section aria-label={t.ledger}>
        <h3>{t.ledger} <span class="count">{ledger.length}</span></h3>
        <ul class="ledger">
          {ledger.map(({ action, amount, total, date }, i) => <li key={i}><span>{date}</span> {action} {amount} <span>{total}</span></li>)}
        </ul>
      </section>
      <section aria-label={t.told}>
        <h3>{t.told} <span class="count">{told.length}</span></h3>
        <p class="hint">{t.toldHint}</p>
        <ul class="ledger">
          {told.map(({ idx, at, kind }) => <li key={idx}><span>{dayOf(at)}</span> {t.kind[kind]} <code>{kind}</code></li>)}
        </ul>
      </section>
      {!status && <Registration desk={desk} />}
    </section>
  );
}

function Invitation({ desk }: { desk: Desk }) {
  const t = useText();
  const [isSending, send] = useSending();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget as HTMLFormElement).get('code'));
    void send(() => desk.redeem(code));
  };
  return (
    <form class="road" onSubmit={submit} aria-label={t.redeem}>
      <label>{t.invitation}<input name="code" required /></label>
      <p class="hint">{t.invitationHint}</p>
      <p class="actions"><button type="submit" class="primary" aria-disabled={isSending}>{t.redeem}</button></p>
    </form>
  );
}

function Registration({ desk }: { desk: Desk }) {
  const t = useText();
  const [images, setImages] = useState<Picture[]>([]);
  const subject = useSubject(desk);
  const [isSending, send] = useSending();
  useEffect(() => void desk.willsonerImages().then((found) => setImages(found ?? [])), []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name));
    void send(() => desk.register({
      subcategory_idx: Number(text('subcategory')), experience: text('experience'), introduction: text('introduction'),
      keyword: text('keywords').split(',').map((word) => word.trim()).filter(Boolean), image_idx: Number(text('image')),
    }));
  };
  return (
    <form class="road" onSubmit={submit} aria-labelledby="register">
      <h3 id="register">{t.register}</h3>
      {subject.fields}
      <label>{t.introduction}<input name="introduction" maxLength={200} required /></label>
      <label>{t.experience}<textarea name="experience" rows={3} maxLength={1000} required /></label>
      <label>{t.keywords}<input name="keywords" maxLength={200} /></label>
      <label>{t.image}
        <select name="image" required>{images.map(({ idx, name }) => <option key={idx} value={idx}>{name}</option>)}</select>
      </label>
      <p class="actions"><button type="submit" class="primary" aria-disabled={isSending} disabled={images.length === 0 || !subject.isKnown}>{t.register}</button></p>
    </form>
  );
}
