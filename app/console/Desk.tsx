import type { User } from 'firebase/auth';
import { useState } from 'preact/hooks';
import { Answer } from './Answer';
import type { Local } from './local';
import { SessionList } from './SessionList';
import { TalkRoom } from './TalkRoom';
import { useSessions } from './useSessions';

export function Desk({ local, user }: { local: Local; user: User }) {
  const sessions = useSessions(local, user);
  const [roomkey, open] = useState('');

  return (
    <main class="desk">
      {sessions.problem && <p class="problem" role="alert">{sessions.problem}</p>}
      <SessionList sessions={sessions} opened={roomkey} open={open} />
      {roomkey ? (
        <TalkRoom key={roomkey} local={local} user={user} roomkey={roomkey} />
      ) : (
        <section class="pane empty" aria-label="대화">
          <p>진행중인 상담의 대화를 열면 여기에 보입니다.</p>
          <p>새 창에서 상대로 로그인하면 두 사람이 함께 걸어볼 수 있습니다.</p>
        </section>
      )}
      <Answer sessions={sessions} />
    </main>
  );
}
