// The app on people's phones, played to the letter: its sign-in, its requests, and what it does with the answers.
import { deleteApp, initializeApp } from 'firebase/app';
import {
  connectAuthEmulator, createUserWithEmailAndPassword, inMemoryPersistence, initializeAuth, OAuthProvider, signInWithCredential,
  signInWithEmailAndPassword,
} from 'firebase/auth';
import { disableNetwork, enableNetwork, terminate } from 'firebase/firestore';
import { authEmulator, connectFirestore, projectId } from '../local/emulators.js';
import { Asker } from './asker.js';
import { stuckUnless } from './crash.js';
import * as decode from './decoders.js';
import { LastLine, Room } from './room.js';
import { Willsoner } from './willsoner.js';

const pushToken = 'asdfasdfasdf'; // a constant of the app, whatever Firebase gave it

const realTime = { now: () => Date.now(), fromServer: (milliseconds) => milliseconds, settle: async () => {}, add() {}, remove() {} };

let apps = 0;

// startApp returns the app with its user signed in and nothing in its memory. The party is asker or willsoner.
export async function startApp({ server, party, email, password, time, slow }) {
  const phone = new Phone({ server, party, time, slow });
  try {
    await phone.signIn({ email, password });
    return phone;
  } catch (error) {
    await phone.close();
    throw error;
  }
}

// A Phone is the app from its start to its end. Its clock may be slow by some seconds, or fast by as many below zero.
export class Phone {
  #screens = [];
  asked = []; // every request, as `GET asker/main`

  constructor({ server, party = 'asker', time = realTime, slow = 0 }) {
    this.server = server;
    this.party = party;
    this.time = time;
    this.slow = slow;
    this.app = initializeApp({ projectId, apiKey: 'local' }, `phone-${++apps}`);
    this.auth = initializeAuth(this.app, { persistence: inMemoryPersistence });
    connectAuthEmulator(this.auth, `http://${authEmulator}`, { disableWarnings: true });
    this.db = connectFirestore(this.app);
    this.asker = new Asker(this);
    this.willsoner = new Willsoner(this);
    this.pages = []; // what lies on the tabs, the top one last
    time.add(this);
  }

  get user() {
    return this.auth.currentUser;
  }

  get uid() {
    return this.user.uid;
  }

  // now is what the phone's clock shows, in seconds.
  get now() {
    return this.time.now() / 1000 - this.slow;
  }

  // tick is what a second on the phone brings. Pages that were left are closed, tabs go on.
  async tick() {
    for (const page of [...this.pages]) page.tick();
    this.willsoner.incoming.tick();
    await this.asker.concerns.tick();
  }

  async close() {
    this.time.remove(this);
    for (const screen of this.#screens) screen.stop();
    await terminate(this.db);
    await deleteApp(this.app);
  }

  goOffline() {
    return disableNetwork(this.db);
  }

  goOnline() {
    return enableNetwork(this.db);
  }

  // signUp is the form's last page. It ends at the login page, whatever the server says.
  async signUp({ email, password, gender, age, nickname }) {
    await createUserWithEmailAndPassword(this.auth, email, password);
    return this.#fillForm('email', { email, gender, age, nickname });
  }

  // The app takes the x-token from here and never asks for another.
  async signIn({ email, password }) {
    await signInWithEmailAndPassword(this.auth, email, password);
    const { body } = await this.#sign(decode.signedIn, 'signin', {
      token: await this.user.getIdToken(true), social: 'email', platform: 'ios', push_token: pushToken,
    });
    stuckUnless(body.data, `the login page stays, without a message: ${body.code}`);
    this.token = body.data.access_token;
    return body;
  }

  // signInByApple returns the page that comes next: in, or the sign-up form for who is not known.
  async signInByApple({ sub, email }) {
    await signInWithCredential(this.auth, new OAuthProvider('apple.com').credential({ idToken: JSON.stringify({ sub, email }) }));
    return this.#signInBy('apple', await this.user.getIdToken(true));
  }

  // Kakao's users are not signed in to Firebase by this app: it sends the token that Kakao gave.
  signInByKakao(token) {
    return this.#signInBy('kakao', token);
  }

  signUpByApple({ gender, age, nickname }) {
    return this.#fillForm('apple', { email: this.user.email, gender, age, nickname });
  }

  async #signInBy(social, token) {
    const { status, body } = await this.#sign(decode.signedIn, 'signin', { token, social, platform: 'ios', push_token: pushToken });
    if (status === 400 && body.code === 'user_not_found') return 'form';
    stuckUnless(status === 200 && body.data, `the login page spins for ever: ${status} ${body.code}`);
    this.token = body.data.access_token;
    return 'in';
  }

  async #fillForm(social, fields) {
    const { body } = await this.#sign(decode.signedUp, 'signup', {
      token: await this.user.getIdToken(true), ...fields, social, push_token: pushToken,
    });
    return body;
  }

  async #sign(decodeAnswer, what, body) {
    const response = await this.#send('POST', `asker/sign/${what}`, body, {});
    return { status: response.status, body: decodeAnswer(await response.json()) };
  }

  // The app decodes the body whatever the HTTP status is.
  async ask(decodeAnswer, method, path, body) {
    const response = await this.#send(method, path, body, { 'x-token': this.token });
    return decodeAnswer(await response.json());
  }

  async #send(method, path, body, headers) {
    await this.time.settle();
    this.asked.push(`${method} ${path}`);
    return fetch(`${this.server.url}/api/v1/${path}`, {
      method, headers: { ...headers, 'Content-Type': 'application/json' }, ...(body && { body: JSON.stringify(body) }),
    });
  }

  list() {
    const decodeAnswer = this.party === 'asker' ? decode.askersList : decode.willsonersList;
    return this.ask(decodeAnswer, 'GET', `${this.party}/chat/chatrooms`);
  }

  // The asker accepts an offer, and the app sets the room's first step at once. Without a roomkey it shows nothing.
  async select(matchIdx) {
    const answer = await this.ask(decode.selected, 'PATCH', `asker/list/matches/${matchIdx}/select`);
    if (answer.data) this.setStart(answer.data);
    return answer;
  }

  setStart(row) {
    new Room(this, row).set('start');
  }

  // The shipped app never joins: it opens a room from its row. Newer ones are answered with the match, as select is.
  join(matchIdx) {
    return this.ask(decode.selected, 'PATCH', `${this.party}/chat/join/${matchIdx}`);
  }

  reviewImages() {
    return this.ask(decode.reviewImages, 'GET', 'asker/chat/review/image');
  }

  review(matchIdx, { title = '', content = '고맙습니다', rating = 4.5 } = {}) {
    const body = { match_idx: matchIdx, title, content, rating, image_idx: 2 };
    return this.ask(decode.reviewed, 'POST', 'asker/chat/review/complete', body);
  }

  // The app completes a session as soon as any answer to its review decodes.
  complete(matchIdx) {
    return this.ask(decode.completed, 'PATCH', `asker/chat/complete/${matchIdx}`);
  }

  lastLine(row) {
    return this.#show(new LastLine(this, row));
  }

  open(row) {
    const room = this.#show(new Room(this, row));
    room.watch();
    return room;
  }

  #show(screen) {
    this.#screens.push(screen);
    return screen;
  }
}
