import { signInWithCustomToken, signInWithEmailAndPassword } from 'firebase/auth';
import { useEffect, useState } from 'preact/hooks';
import { accounts, customToken, type Account, type Local } from './local';
import { initial, messageOf } from './text';

export function SignIn({ local }: { local: Local }) {
  const [known, setKnown] = useState<Account[]>();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    accounts(local).then(setKnown, (error) => setProblem(`Auth 에뮬레이터가 답하지 않습니다: ${messageOf(error)}`));
  }, [local]);

  const attempt = (signingIn: Promise<unknown>) => {
    setProblem('');
    signingIn.catch((error) => setProblem(`로그인하지 못했습니다: ${messageOf(error)}`));
  };

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    attempt(signInWithEmailAndPassword(local.auth, String(form.get('email')), String(form.get('password'))));
  };

  return (
    <main class="sign-in">
      <section aria-labelledby="accounts">
        <h2 id="accounts">누구로 들어갈까요?</h2>
        <p class="hint">Auth 에뮬레이터에 있는 계정입니다. 창마다 다른 사람으로 들어갈 수 있습니다.</p>
        <ul class="accounts">
          {known?.map(({ localId, displayName, email }) => (
            <li key={localId}>
              <button type="button" onClick={() => attempt(signInWithCustomToken(local.auth, customToken(localId)))}>
                <span class="avatar" aria-hidden="true">{initial(displayName ?? email)}</span>
                <span class="lines">
                  <strong>{displayName ?? '이름 없음'}</strong>
                  <span>{email ?? '이메일 없음'}</span>
                  <code>{localId}</code>
                </span>
              </button>
            </li>
          ))}
        </ul>
        {known?.length === 0 && <p class="hint">아직 계정이 없습니다.</p>}
      </section>
      <form onSubmit={submit} aria-labelledby="by-hand">
        <h2 id="by-hand">이메일로 로그인</h2>
        <label>이메일<input name="email" type="email" autocomplete="username" required /></label>
        <label>비밀번호<input name="password" type="password" autocomplete="current-password" required /></label>
        <button class="primary" type="submit">로그인</button>
      </form>
      {problem && <p class="problem" role="alert">{problem}</p>}
    </main>
  );
}
