// My page: pots, the way to become a willsoner, and what this user's phone would have been told.
import { useEffect, useState } from 'preact/hooks';
import type { Choice, Picture } from '../clients/openapi';
import { Words } from './cards';
import { categories, useText, useTimes } from './text';
import type { Desk } from './useDesk';

export function MyPage({ desk }: { desk: Desk }) {
  const t = useText();
  const { dayOf } = useTimes();
  const { home, told } = desk;
  if (!home) return null;
  const { asker, willsoner, ledger } = home;
  const status = asker.willsoner?.status;
  return (
    <section aria-labelledby="me">
      <h2 id="me">{asker.nickname}</h2>
      <p class="hint">{asker.email}</p>
      <p>{t.pots} <strong>{asker.point.honeypot}</strong></p>
      <section aria-label={t.ledger}>
        <h3>{t.ledger} <span class="count">{ledger.length}</span></h3>
        <ul class="ledger">{ledger.map(({ action, amount, total, date }, i) => <li key={i}>{date} {action} {amount} <span>{total}</span></li>)}</ul>
      </section>
      <section aria-label={t.asWillsoner}>
        <h3>{t.asWillsoner}</h3>
        {status && willsoner.willsoner && (
          <>
            <p><strong>{t.willsonerStatus(status)}</strong> · ★ {willsoner.willsoner.avg_rating}</p>
            <p class="topic">{willsoner.willsoner.introduction}</p>
            <Words words={willsoner.willsoner.keywords.map(({ name }) => `#${name}`)} />
          </>
        )}
        {status === 'waiting' && <Invitation desk={desk} />}
        {!status && <Registration desk={desk} />}
      </section>
      <section aria-label={t.told}>
        <h3>{t.told} <span class="count">{told.length}</span></h3>
        <p class="hint">{t.toldHint}</p>
        <ul class="ledger">{told.map(({ idx, at, kind }) => <li key={idx}>{dayOf(at)} {t.kind[kind]} <code>{kind}</code></li>)}</ul>
      </section>
    </section>
  );
}

function Invitation({ desk }: { desk: Desk }) {
  const t = useText();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void desk.redeem(String(new FormData(event.currentTarget as HTMLFormElement).get('code')));
  };
  return (
    <form class="road" onSubmit={submit}>
      <label>{t.invitation}<input name="code" required /></label>
      <p class="hint">{t.invitationHint}</p>
      <p class="actions"><button type="submit" class="primary">{t.redeem}</button></p>
    </form>
  );
}

function Registration({ desk }: { desk: Desk }) {
  const t = useText();
  const [images, setImages] = useState<Picture[]>([]);
  const [category, setCategory] = useState(1);
  const [subcategories, setSubcategories] = useState<Choice[]>([]);
  useEffect(() => void desk.willsonerImages().then(setImages, () => {}), []);
  useEffect(() => void desk.subcategories(category).then(setSubcategories, () => {}), [category]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name));
    void desk.register({
      subcategory_idx: Number(text('subcategory')), experience: text('experience'), introduction: text('introduction'),
      keyword: text('keywords').split(/[\s,]+/).filter(Boolean), image_idx: Number(text('image')),
    });
  };
  return (
    <form class="road" onSubmit={submit} aria-label={t.register}>
      <label>{t.category}
        <select value={category} onChange={(event) => setCategory(Number(event.currentTarget.value))}>
          {categories.map((name, i) => <option key={name} value={i + 1}>{name}</option>)}
        </select>
      </label>
      <label>{t.subcategory}
        <select name="subcategory" required>{subcategories.map(({ idx, name }) => <option key={idx} value={idx}>{name}</option>)}</select>
      </label>
      <label>{t.introduction}<input name="introduction" maxLength={200} required /></label>
      <label>{t.experience}<textarea name="experience" rows={3} maxLength={1000} required /></label>
      <label>{t.keywords}<input name="keywords" maxLength={200} /></label>
      <label>{t.image}
        <select name="image" required>{images.map(({ idx, name }) => <option key={idx} value={idx}>{name}</option>)}</select>
      </label>
      <p class="actions"><button type="submit" class="primary" disabled={images.length === 0 || subcategories.length === 0}>{t.register}</button></p>
    </form>
  );
}
