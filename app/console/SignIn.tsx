import { createUserWithEmailAndPassword, signInWithCustomToken, signInWithEmailAndPassword, type UserCredential } from 'firebase/auth';
import { useEffect, useState } from 'preact/hooks';
import type { GenderLetter } from '../clients/openapi';
import { accounts, customToken, type Account, type Local } from './local';
import { enter, type Form, type Person } from './person';
import { initial, messageOf, useText } from './text';

export function SignIn({ local, entered }: { local: Local; entered(person: Person): void }) {
  const t = useText();
  const [known, setKnown] = useState<Account[]>();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    accounts(local).then(setKnown, (error) => setProblem(t.noAuth(messageOf(error))));
  }, [local]);

  // The server knows nobody whom Firebase does not, and Firebase's user alone is not signed in here.
  const attempt = async (signingIn: Promise<UserCredential>, form?: Form) => {
    setProblem('');
    setBusy(true);
    try {
      entered(await enter((await signingIn).user, form));
    } catch (error) {
      setBusy(false);
      setProblem(t.notSignedIn(messageOf(error)));
      await local.auth.signOut();
    }
  };

  const read = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    return (name: string) => String(form.get(name));
  };
  const signIn = (event: SubmitEvent) => {
    const said = read(event);
    void attempt(signInWithEmailAndPassword(local.auth, said('email'), said('password')));
  };
  const signUp = (event: SubmitEvent) => {
    const said = read(event);
    const form = { nickname: said('nickname'), gender: said('gender') as GenderLetter, age: said('age') };
    void attempt(createUserWithEmailAndPassword(local.auth, said('email'), said('password')), form);
  };

  return (
    <main class="sign-in">
      <section aria-labelledby="accounts">
        <h2 id="accounts">{t.whoAreYou}</h2>
        <p class="hint">{t.accountsHint}</p>
        <ul class="accounts">
          {known?.map(({ localId, displayName, email }) => (
            <li key={localId}>
              <button type="button" disabled={isBusy} onClick={() => void attempt(signInWithCustomToken(local.auth, customToken(localId)))}>
                <span class="avatar" aria-hidden="true">{initial(displayName ?? email)}</span>
                <span class="lines"><strong>{displayName ?? t.nameless}</strong><span>{email ?? localId}</span></span>
              </button>
            </li>
          ))}
        </ul>
        {known?.length === 0 && <p class="hint">{t.noAccounts}</p>}
      </section>
      <div class="forms">
        <form class="surface" onSubmit={signUp} aria-labelledby="sign-up">
          <h2 id="sign-up">{t.signUp}</h2>
          <p class="hint">{t.signUpHint}</p>
          <label>{t.email}<input name="email" type="email" autocomplete="username" required /></label>
          <label>{t.password}<input name="password" type="password" autocomplete="new-password" minLength={6} required /></label>
          <label>{t.nickname}<input name="nickname" maxLength={20} required /></label>
          <label>{t.birthYear}<input name="age" inputMode="numeric" pattern="[0-9]{4}" placeholder="1997" required /></label>
          <fieldset class="choices">
            <legend>{t.gender}</legend>
            <label><input type="radio" name="gender" value="F" required />{t.female}</label>
            <label><input type="radio" name="gender" value="M" required />{t.male}</label>
          </fieldset>
          <button class="primary" type="submit" disabled={isBusy}>{t.signUp}</button>
        </form>
        <form class="surface" onSubmit={signIn} aria-labelledby="by-email">
          <h2 id="by-email">{t.byEmail}</h2>
          <label>{t.email}<input name="email" type="email" autocomplete="username" required /></label>
          <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
          <button class="primary" type="submit" disabled={isBusy}>{t.signIn}</button>
        </form>
      </div>
      <p role="alert" class="problem">{problem}</p>
    </main>
  );
}
