// What went over the wire, the newest first.
import { useRef, useState } from 'preact/hooks';
import { curl, type Exchange } from './api';
import { useText } from './text';
import type { Desk } from './useDesk';

export function Wire({ desk: { exchanges, refresh, refreshExpired } }: { desk: Desk }) {
  const t = useText();
  return (
    <section class="pane wire" tabIndex={-1} aria-labelledby="wire">
      <h2 id="wire">{t.exchanges}</h2>
      <p class="hint">{t.exchangesHint}</p>
      <p class="actions">
        <button type="button" onClick={() => void refresh()}>{t.again}</button>
        <button type="button" onClick={() => void refreshExpired()}>{t.expired}</button>
      </p>
      <Exchanges exchanges={exchanges} />
    </section>
  );
}

export function Exchanges({ exchanges }: { exchanges: Exchange[] }) {
  return (
    <ol class="exchanges">
      {exchanges.map((exchange, i) => <li key={exchange.id}><Shown exchange={exchange} isNewest={i === 0} /></li>)}
    </ol>
  );
}

function Shown({ exchange, isNewest }: { exchange: Exchange; isNewest: boolean }) {
  const t = useText();
  const { method, path, status, statusText, code, milliseconds, sent, headers, received } = exchange;
  const kind = status === 0 || status >= 400 ? 'bad' : '';
  return (
    <details open={isNewest} data-status={status}>
      <summary>
        <span class="asked"><strong>{method}</strong> {path}</span>
        <span class={`status ${kind}`}><strong>{status || t.noAnswer}</strong> {code} <span class="time">{milliseconds.toFixed(1)} ms</span></span>
      </summary>
      {sent && <><h3>{t.body}</h3><Json label={t.body} text={sent} /></>}
      <h3>{t.answer} <span>{status || ''} {statusText}</span></h3>
      {received ? <Json label={t.answer} text={received} /> : <p class="hint">{t.noBody}</p>}
      {headers.length > 0 && (
        <details class="headers">
          <summary>{t.headers(headers.length)}</summary>
          <dl>{headers.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        </details>
      )}
      <h3>curl</h3>
      <Copyable line={curl(exchange)} />
    </details>
  );
}

function Json({ label, text }: { label: string; text: string }) {
  return <pre tabIndex={0} role="group" aria-label={label}>{pretty(text)}</pre>;
}

function Copyable({ line }: { line: string }) {
  const t = useText();
  const code = useRef<HTMLElement>(null);
  const [isCopied, setCopied] = useState(false);
  // Browsers have a clipboard for pages of https and of localhost alone: elsewhere the line is selected.
  const copy = () => {
    getSelection()?.selectAllChildren(code.current!);
    navigator.clipboard?.writeText(line).then(() => setCopied(true), () => {});
  };
  return (
    <p class="curl">
      <code tabIndex={0} role="group" aria-label="curl" title={t.inShell} ref={code}>{line}</code>
      <button type="button" onClick={copy}>{isCopied ? t.copied : t.copy}</button>
    </p>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
