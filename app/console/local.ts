// Who may sign in, and the Firebase SDK connected to the emulators.
import { initializeApp } from 'firebase/app';
import { browserSessionPersistence, connectAuthEmulator, initializeAuth, type Auth } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore, type Firestore } from 'firebase/firestore';

interface Config {
  projectId: string;
  authEmulator: string;
  firestoreEmulator: string;
}

export interface Local extends Config {
  auth: Auth;
  db: Firestore;
}

export interface Account {
  localId: string;
  email?: string;
  displayName?: string;
  disabled?: boolean;
}

// A user lasts as long as the window, so two windows are two users.
export async function connect(): Promise<Local> {
  const response = await fetch('/console/config.json');
  const config = (await response.json()) as Config;
  const app = initializeApp({ projectId: config.projectId, apiKey: 'local' });
  const auth = initializeAuth(app, { persistence: browserSessionPersistence });
  connectAuthEmulator(auth, `http://${config.authEmulator}`, { disableWarnings: true });
  const db = getFirestore(app);
  const { hostname, port } = new URL(`http://${config.firestoreEmulator}`);
  connectFirestoreEmulator(db, hostname, Number(port));
  return { ...config, auth, db };
}

// asOwner asks an emulator past its rules.
export async function asOwner<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, {
    method: 'POST', headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

export async function accounts({ authEmulator, projectId }: Local): Promise<Account[]> {
  const url = `http://${authEmulator}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:query`;
  const { userInfo = [] } = await asOwner<{ userInfo?: Account[] }>(url, { returnUserInfo: true });
  return userInfo.filter(({ disabled }) => !disabled).sort((a, b) => (a.email ?? '~').localeCompare(b.email ?? '~'));
}

// The Auth emulator takes a custom token as plain JSON: a way in for every account, also one without a password.
export const customToken = (uid: string) => JSON.stringify({ uid });
