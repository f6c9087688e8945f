// What went over the wire, and what happened in Firestore meanwhile.
import { useState } from 'preact/hooks';
import { curl, path, type Exchange } from './api';
import { secondOf } from './text';
import type { useSessions } from './useSessions';

export function Answer({ sessions }: { sessions: ReturnType<typeof useSessions> }) {
  const { exchanges, lines, refresh, refreshExpired } = sessions;
  const last = exchanges.at(-1);

  return (
    <div class="pane wire">
      <section aria-labelledby="answer">
        <h2 id="answer">서버의 답</h2>
        <p class="request"><code>GET {path}</code></p>
        <p class="actions">
          <button type="button" onClick={refresh}>다시 요청</button>
          <button type="button" onClick={refreshExpired}>만료된 토큰으로 요청</button>
        </p>
        {exchanges.length > 1 && (
          <p class="notice" role="status">토큰이 만료되어 새로 받고, 한 번 다시 요청했습니다.</p>
        )}
        {exchanges.map((exchange) => <Shown key={exchange.id} exchange={exchange} />)}
        {last && <Curl line={curl(last.token)} />}
      </section>
      <section aria-labelledby="events">
        <h2 id="events">일어난 일</h2>
        <div class="events" role="log" aria-labelledby="events" tabIndex={0}>
          <ol>
            {lines.map(({ id, at, text, detail }) => (
              <li key={id}><time>{secondOf(at)}</time> <span>{text}</span> <code title={detail}>{detail}</code></li>
            ))}
          </ol>
        </div>
      </section>
    </div>
  );
}

function Shown({ exchange: { status, statusText, code, milliseconds, headers, body } }: { exchange: Exchange }) {
  const size = new TextEncoder().encode(body).length;
  return (
    <article class="exchange">
      <p class={status < 400 ? 'status' : 'status bad'}>
        <strong>{status} {statusText}</strong> <code>{code}</code> <span>{milliseconds.toFixed(1)} ms · {size} B</span>
      </p>
      <details>
        <summary>헤더 {headers.length}개</summary>
        <dl>{headers.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      </details>
      <pre tabIndex={0} aria-label="본문">{pretty(body)}</pre>
    </article>
  );
}

function Curl({ line }: { line: string }) {
  const [copied, setCopied] = useState('');
  return (
    <p class="curl">
      <code tabIndex={0} aria-label="curl">{line}</code>
      <button type="button" onClick={() => void navigator.clipboard.writeText(line).then(() => setCopied(line))}>
        {copied === line ? '복사됨' : '복사'}
      </button>
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
