// Signing in as somebody who is there already, or up as somebody new.
import { createUserWithEmailAndPassword, signInWithCustomToken, signInWithEmailAndPassword, type User } from 'firebase/auth';
import { useEffect, useState } from 'preact/hooks';
import type { GenderLetter } from '../clients/openapi';
import type { Exchange } from './api';
import { accounts, customToken, type Account, type Local } from './local';
import { enter, Refused, type Form, type Person } from './person';
import { initial, messageOf, useText, type Text } from './text';
import { useSending } from './useSending';
import { Exchanges } from './Wire';

type Place = 'accounts' | 'signUp' | 'signIn';

export function SignIn({ local, entered }: { local: Local; entered(person: Person): void }) {
  const t = useText();
  const [known, setKnown] = useState<Account[]>();
  const [problem, setProblem] = useState<{ place: Place; words: string }>();
  const [exchanges, setExchanges] = useState<Exchange[]>([]);
  const [isSending, send] = useSending();

  useEffect(() => {
    accounts(local).then(setKnown, (error) => setProblem({ place: 'accounts', words: t.noAuth(messageOf(error)) }));
  }, [local]);

  // The server knows nobody whom Firebase does not, and Firebase's user alone is not signed in here.
  const attempt = (place: Place, signIn: () => Promise<User>, form?: Form) => send(async () => {
    setProblem(undefined);
    const shown: Exchange[] = [];
    try {
      const person = await enter(await signIn(), (exchange) => shown.unshift(exchange), form);
      entered({ ...person, exchanges: shown });
    } catch (error) {
      setExchanges(shown);
      setProblem({ place, words: t.notSignedIn(reason(error, t)) });
      await local.auth.signOut();
    }
  });

  const read = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    return (name: string) => String(form.get(name));
  };
  const signIn = (event: SubmitEvent) => {
    const said = read(event);
    void attempt('signIn', async () => (await signInWithEmailAndPassword(local.auth, said('email'), said('password'))).user);
  };
  const signUp = (event: SubmitEvent) => {
    const said = read(event);
    const form = { nickname: said('nickname'), gender: said('gender') as GenderLetter, age: said('age') };
    void attempt('signUp', () => create(local, said('email'), said('password')), form);
  };
  const problemOf = (place: Place) => <p role="alert" class="problem">{problem?.place === place && problem.words}</p>;

  return (
    <main class="sign-in" tabIndex={-1}>
      <section class="surface" aria-labelledby="sign-up">
        <h2 id="sign-up">{t.signUp}</h2>
        <p class="hint">{t.signUpHint}</p>
        <form class="road" onSubmit={signUp} aria-labelledby="sign-up">
          <label>{t.email}<input name="email" type="email" autocomplete="username" required /></label>
          <label>{t.password}<input name="password" type="password" autocomplete="new-password" minLength={6} required /></label>
          <div class="pair">
            <label>{t.nickname}<input name="nickname" maxLength={20} required /></label>
            <label>{t.birthYear}<input name="age" inputMode="numeric" pattern="[0-9]{4}" placeholder="1997" required /></label>
          </div>
          <fieldset class="choices">
            <legend>{t.gender}</legend>
            <label><input type="radio" name="gender" value="F" required />{t.female}</label>
            <label><input type="radio" name="gender" value="M" required />{t.male}</label>
          </fieldset>
          <button class="primary" type="submit" aria-disabled={isSending}>{t.signUp}</button>
          {problemOf('signUp')}
        </form>
      </section>
      <div class="forms">
        <section class="surface" aria-labelledby="by-email">
          <h2 id="by-email">{t.byEmail}</h2>
          <form class="road" onSubmit={signIn} aria-labelledby="by-email">
            <label>{t.email}<input name="email" type="email" autocomplete="username" required /></label>
            <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
            <button class="primary" type="submit" aria-disabled={isSending}>{t.signIn}</button>
            {problemOf('signIn')}
          </form>
        </section>
        <section aria-labelledby="accounts">
          <h2 id="accounts">{t.whoAreYou}</h2>
          <p class="hint">{t.accountsHint}</p>
          <ul class="accounts">
            {known?.map(({ localId, displayName, email }) => (
              <li key={localId}>
                <button type="button" aria-disabled={isSending}
                  onClick={() => void attempt('accounts', async () => (await signInWithCustomToken(local.auth, customToken(localId))).user)}>
                  <span class="avatar" aria-hidden="true">{initial(displayName ?? email)}</span>
                  <span class="lines"><strong>{displayName ?? email ?? t.nameless}</strong><span>{displayName ? (email ?? localId) : localId}</span></span>
                </button>
              </li>
            ))}
          </ul>
          {known?.length === 0 && <p class="hint">{t.noAccounts}</p>}
          {problemOf('accounts')}
        </section>
      </div>
      {exchanges.length > 0 && (
        <section class="surface exchanged" aria-labelledby="wire">
          <h2 id="wire">{t.exchanges}</h2>
          <Exchanges exchanges={exchanges} />
        </section>
      )}
    </main>
  );
}

// create makes a user of Firebase. Whom Firebase has already, since the server refused or was away, tries again with the
// same password.
async function create({ auth }: Local, email: string, password: string): Promise<User> {
  try {
    return (await createUserWithEmailAndPassword(auth, email, password)).user;
  } catch (error) {
    if (codeOf(error) !== 'auth/email-already-in-use') throw error;
    return await signInWithEmailAndPassword(auth, email, password).then(({ user }) => user, () => { throw error; });
  }
}

const codeOf = (error: unknown) => String((error as { code?: unknown }).code ?? '');

// reason says why in the page's words, if it has some, and in those of Firebase or the server.
function reason(error: unknown, t: Text): string {
  const code = codeOf(error).replace(/:.*/, '');
  const words = (t.refusals as Record<string, string>)[code];
  return words ? `${words} (${error instanceof Refused ? error.message : code})` : messageOf(error);
}
