// Writing a concern: what it is about, for whom, and when.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Choice, ConcernRequest } from '../clients/openapi';
import { inSeoul, useText } from './text';
import type { Desk } from './useDesk';
import { useSending } from './useSending';
import { useSubject } from './useSubject';

interface Choices {
  feelings: Choice[];
  personalities: Choice[];
  directions: Choice[];
}

export function ConcernForm({ desk, done }: { desk: Desk; done(concern: { idx: number; content: string } | undefined): void }) {
  const t = useText();
  const [choices, setChoices] = useState<Choices>();
  const [type, setType] = useState<'realtime' | 'reserve'>('realtime');
  const subject = useSubject(desk);
  const [isSending, send] = useSending();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    heading.current?.focus();
    void desk.choices().then(setChoices);
  }, []);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '');
    const numbers = (name: string) => form.getAll(name).map(Number);
    const common = {
      subcategory_idx: Number(text('subcategory')), feeling_idx: numbers('feeling'), personality_idx: numbers('personality'),
      direction_idx: Number(text('direction')), content: text('content'), wil_gender: text('gender') as 'ALL' | 'F' | 'M',
    };
    const body: ConcernRequest = type === 'realtime' ? { ...common, type } : {
      ...common, type,
      from_date: text('from_date'), from_time_from: text('from_time_from'), from_time_to: text('from_time_to'),
      to_date: text('to_date'), to_time_from: text('to_time_from'), to_time_to: text('to_time_to'),
    };
    void send(async () => {
      const concern = await desk.write(body);
      if (concern) done(concern);
    });
  };

  return (
    <form class="road" aria-labelledby="write" onSubmit={submit}>
      <h2 id="write" tabIndex={-1} ref={heading}>{t.writeConcern}</h2>
      {subject.fields}
      <label>{t.concern}<textarea name="content" rows={4} maxLength={300} required /></label>
      <Boxes legend={t.feelings} name="feeling" choices={choices?.feelings} />
      <Boxes legend={t.personalities} name="personality" choices={choices?.personalities} />
      <label>{t.direction}
        <select name="direction" required>{choices?.directions.map(({ idx, name }) => <option key={idx} value={idx}>{name}</option>)}</select>
      </label>
      <label>{t.wantedGender}
        <select name="gender"><option value="ALL">{t.anyGender}</option><option value="F">{t.female}</option><option value="M">{t.male}</option></select>
      </label>
      <fieldset class="choices">
        <legend>{t.when}</legend>
        {(['realtime', 'reserve'] as const).map((each) => (
          <label key={each}><input type="radio" name="type" checked={type === each} onChange={() => setType(each)} />{t.type[each]}</label>
        ))}
      </fieldset>
      {type === 'reserve' && <Windows />}
      <p class="actions">
        <button type="submit" class="primary" aria-disabled={isSending} disabled={!choices || !subject.isKnown}>{t.toPayment}</button>
        <button type="button" class="plain" onClick={() => done(undefined)}>{t.back}</button>
      </p>
    </form>
  );
}

// The first of the choices is made already: the server wants one at least.
function Boxes({ legend, name, choices = [] }: { legend: string; name: string; choices: Choice[] | undefined }) {
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {choices.map(({ idx, name: label }, i) => <label key={idx}><input type="checkbox" name={name} value={idx} defaultChecked={i === 0} />{label}</label>)}
    </fieldset>
  );
}

const day = 86_400_000; // ms

// Two windows are proposed: from now on as long as the day has room for the longest talk, and an evening.
function Windows() {
  const t = useText();
  const [windows] = useState(() => {
    const now = Date.now();
    const { date, hour } = inSeoul(now);
    const isLate = hour > '21:30';
    return [
      isLate ? { date: inSeoul(now + day).date, from: '10:00', to: '16:00' } : { date, from: hour, to: '23:00' },
      { date: inSeoul(now + day).date, from: '18:00', to: '22:00' },
    ];
  });
  return windows.map(({ date, from, to }, i) => {
    const name = i === 0 ? 'from' : 'to';
    return (
      <fieldset class="window" key={name}>
        <legend>{t.window(i + 1)}</legend>
        <label>{t.date}<input type="date" name={`${name}_date`} defaultValue={date} required /></label>
        <label>{t.from}<input type="time" name={`${name}_time_from`} defaultValue={from} required /></label>
        <label>{t.to}<input type="time" name={`${name}_time_to`} defaultValue={to} required /></label>
      </fieldset>
    );
  });
}
