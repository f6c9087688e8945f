import { onAuthStateChanged, signOut, type User } from 'firebase/auth';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Desk } from './Desk';
import { connect, type Local } from './local';
import { SignIn } from './SignIn';
import { messageOf } from './text';

function Page({ local }: { local: Local }) {
  // undefined until it is known whether this window was signed in before.
  const [user, setUser] = useState<User | null>();
  useEffect(() => onAuthStateChanged(local.auth, setUser), [local]);

  return (
    <>
      <header class="bar">
        <h1>윌슨 콘솔</h1>
        <p class="where">
          <span>프로젝트 <code>{local.projectId}</code></span>
          <span>Auth <code>{local.authEmulator}</code></span>
          <span>Firestore <code>{local.firestoreEmulator}</code></span>
        </p>
        {user && (
          <p class="who" aria-label="로그인한 사람">
            <strong>{user.displayName || '이름 없음'}</strong> <span>{user.email ?? user.uid}</span>
          </p>
        )}
        <a class="button" href="/console" target="_blank" rel="noopener">새 창</a>
        {user && <button type="button" onClick={() => void signOut(local.auth)}>로그아웃</button>}
      </header>
      {user === null && <SignIn local={local} />}
      {user && <Desk key={user.uid} local={local} user={user} />}
    </>
  );
}

const page = document.getElementById('page')!;
try {
  render(<Page local={await connect()} />, page);
} catch (error) {
  render(<p class="problem" role="alert">콘솔을 시작하지 못했습니다: {messageOf(error)}</p>, page);
}
