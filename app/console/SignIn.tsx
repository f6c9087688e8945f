import { signInWithCustomToken, signInWithEmailAndPassword } from 'firebase/auth';
import { useEffect, useState } from 'preact/hooks';
import { accounts, customToken, type Account, type Local } from './local';
import { initial, messageOf, useText } from './text';

export function SignIn({ local }: { local: Local }) {
  const t = useText();
  const [known, setKnown] = useState<Account[]>();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    accounts(local).then(setKnown, (error) => setProblem(t.noAuth(messageOf(error))));
  }, [local]);

  const attempt = (signingIn: Promise<unknown>) => {
    setProblem('');
    signingIn.catch((error) => setProblem(t.notSignedIn(messageOf(error))));
  };

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    attempt(signInWithEmailAndPassword(local.auth, String(form.get('email')), String(form.get('password'))));
  };

  return (
    <main class="sign-in">
      <section aria-labelledby="accounts">
        <h2 id="accounts">{t.whoAreYou}</h2>
        <p class="hint">{t.accountsHint}</p>
        <ul class="accounts">
          {known?.map(({ localId, displayName, email }) => (
            <li key={localId}>
              <button type="button" onClick={() => attempt(signInWithCustomToken(local.auth, customToken(localId)))}>
                <span class="avatar" aria-hidden="true">{initial(displayName ?? email)}</span>
                <span class="lines"><strong>{displayName ?? t.nameless}</strong><span>{email ?? localId}</span></span>
              </button>
            </li>
          ))}
        </ul>
        {known?.length === 0 && <p class="hint">{t.noAccounts}</p>}
      </section>
      <form class="surface" onSubmit={submit} aria-labelledby="by-email">
        <h2 id="by-email">{t.byEmail}</h2>
        <label>{t.email}<input name="email" type="email" autocomplete="username" required /></label>
        <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
        <button class="primary" type="submit">{t.signIn}</button>
      </form>
      <p role="alert" class="problem">{problem}</p>
    </main>
  );
}
