import { onAuthStateChanged, signOut, type User } from 'firebase/auth';
import { render, type ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { DeskPage } from './Desk';
import { connect, type Local } from './local';
import { again, forget, type Person } from './person';
import { SignIn } from './SignIn';
import { LanguageOf, messageOf, useText, type Language } from './text';

const reference = '#reference';

function App({ local }: { local: Local }) {
  const [language, speak] = useState<Language>(localStorage.getItem('language') === 'en' ? 'en' : 'ko');
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem('language', language);
  }, [language]);
  return (
    <LanguageOf.Provider value={language}>
      <Page local={local} language={language} speak={speak} />
    </LanguageOf.Provider>
  );
}

function Page({ local, language, speak }: { local: Local; language: Language; speak(language: Language): void }) {
  const t = useText();
  const hash = useHash();
  // undefined until it is known whether this window was signed in before.
  const [person, setPerson] = useState<Person | null>();
  useEffect(() => onAuthStateChanged(local.auth, (user) => {
    // Who signs in just now is handed over by the form, with the answer of the server.
    setPerson((now) => (now?.user === user ? now : (user && again(user)) || null));
  }), [local]);
  const leave = async (user: User) => {
    forget(user);
    await signOut(local.auth);
  };
  // Who came in or went by a button that is gone goes on from the new page.
  const before = useRef<Person | null | undefined>(undefined);
  useEffect(() => {
    if (before.current !== undefined) document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    before.current = person;
  }, [person]);
  useEffect(() => { document.title = hash === reference ? `${t.reference} · ${t.title}` : t.title; });

  return (
    <>
      <header class="bar">
        <h1>{t.title}</h1>
        <nav aria-label={t.pages}>
          <a href="#" aria-current={hash === reference ? undefined : 'page'}>{t.console}</a>
          <a href={reference} aria-current={hash === reference ? 'page' : undefined}>{t.reference}</a>
        </nav>
        <p class="where">{t.project} <code>{local.projectId}</code></p>
        <div class="tools">
          <button type="button" class="plain" lang={language === 'ko' ? 'en' : 'ko'} onClick={() => speak(language === 'ko' ? 'en' : 'ko')}>
            {language === 'ko' ? 'English' : '한국어'}
          </button>
          <a class="button" href="/console" target="_blank" rel="noopener">{t.newWindow}</a>
          {person && (
            <>
              <p class="who"><span class="unseen">{t.signedIn}</span> <strong>{person.account.nickname}</strong> <span>{person.user.email ?? person.user.uid}</span></p>
              <button type="button" onClick={() => void leave(person.user)}>{t.signOut}</button>
            </>
          )}
        </div>
      </header>
      {hash === reference && person !== undefined && <Reference key={person?.user.uid} person={person} />}
      {hash !== reference && person === null && <SignIn local={local} entered={setPerson} />}
      {person && <div class="signed-in" hidden={hash === reference}><DeskPage key={person.user.uid} local={local} person={person} /></div>}
    </>
  );
}

// The viewer is larger than all the rest: it is loaded when it is asked for.
function Reference({ person }: { person: Person | null }) {
  const t = useText();
  const [Viewer, setViewer] = useState<ComponentType<{ person: Person | null }>>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    import('./Viewer').then((module) => setViewer(() => module.Viewer), (error) => setProblem(messageOf(error)));
  }, []);
  return Viewer ? <Viewer person={person} /> : <main><p role="status">{problem || t.loading}</p></main>;
}

function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return hash;
}

function Broken({ why }: { why: string }) {
  return <p class="problem" role="alert">{useText().broken(why)}</p>;
}

const page = document.getElementById('page')!;
try {
  render(<App local={await connect()} />, page);
} catch (error) {
  render(<main><Broken why={messageOf(error)} /></main>, page);
}
