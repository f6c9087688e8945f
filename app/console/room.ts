// A room's talk, as the shipped app leads it in chatrooms/{roomkey}/chats: the steps start, intro and end, and the
// messages. The app repeats its writes whenever it hears of a step; here each is written when it is due, since who opens
// a room anew must not wind its clock back.
import {
  addDoc, collection, doc, onSnapshot, orderBy, query, serverTimestamp, setDoc, type Firestore, type Timestamp,
} from 'firebase/firestore';
import type { Party } from './sessions';

export interface Step {
  timeStamp: Timestamp | null; // null until the server has given it
  readUser?: Record<string, true>;
}

export interface Message extends Step {
  id: string;
  uid: string;
  message: string;
}

// A step that is undefined is not known yet, one that is null does not exist.
export interface Talk {
  start?: Step | null;
  intro?: Step | null;
  end?: Step | null;
  messages: Message[];
}

const steps = ['start', 'intro', 'end'] as const;
type StepName = (typeof steps)[number];

export const areBothIn = (step: Step | null | undefined) => Object.keys(step?.readUser ?? {}).length === 2;

const chatsOf = (db: Firestore, roomkey: string) => collection(db, 'chatrooms', roomkey, 'chats');

// setStep is also what the asker's app does as soon as an offer is accepted. After a reservation that is refused: there
// is no room yet.
export function setStep(db: Firestore, roomkey: string, step: StepName) {
  return setDoc(doc(chatsOf(db, roomkey), step), { uid: step, message: '', timeStamp: serverTimestamp() });
}

export class Room {
  private talk: Talk = { messages: [] };
  private agrees = false;
  private sawNotAgreed = false;
  private readonly written = new Set<string>();
  private failed: (error: unknown) => void = () => {};

  constructor(
    private readonly db: Firestore, readonly roomkey: string, private readonly uid: string, private readonly party: Party,
  ) {}

  // watch enters the room, takes every step that is due, and returns how to leave.
  watch(changed: (talk: Talk) => void, failed: (error: unknown) => void): () => void {
    this.failed = failed;
    const chats = chatsOf(this.db, this.roomkey);
    const show = (news: Partial<Talk>) => {
      this.talk = { ...this.talk, ...news };
      changed(this.talk);
      this.takeSteps();
    };
    const stops = steps.map((step) => onSnapshot(doc(chats, step), (chat) => show({ [step]: chat.data() ?? null }), failed));
    stops.push(onSnapshot(query(chats, orderBy('timeStamp')), ({ docs }) => {
      const messages = docs.filter(({ id }) => !(steps as readonly string[]).includes(id));
      show({ messages: messages.map((chat) => ({ ...chat.data(), id: chat.id }) as Message) });
    }, failed));
    return () => stops.forEach((stop) => stop());
  }

  agree() {
    this.agrees = true;
    this.takeSteps();
  }

  say(message: string) {
    this.write(addDoc(chatsOf(this.db, this.roomkey), {
      uid: this.uid, message, timeStamp: serverTimestamp(), readUser: { [this.uid]: true },
    }));
  }

  private takeSteps() {
    const { start, intro, end } = this.talk;
    this.addMyself('start', start);
    if (this.party === 'asker' && areBothIn(start) && intro === null) this.once('intro', () => this.set('intro'));
    if (this.agrees) this.addMyself('intro', intro);
    // Both write end, the second a moment after the first.
    if (intro && !areBothIn(intro)) this.sawNotAgreed = true;
    if (areBothIn(intro) && (end === null || this.sawNotAgreed)) this.once('end', () => this.set('end'));
  }

  private addMyself(id: StepName, step: Step | null | undefined) {
    if (!step?.timeStamp || areBothIn(step) || step.readUser?.[this.uid]) return;
    const { timeStamp } = step;
    this.once(`${id} ${timeStamp.toMillis()}`, () => (
      setDoc(doc(chatsOf(this.db, this.roomkey), id), { uid: id, timeStamp, readUser: { [this.uid]: true } }, { merge: true })
    ));
  }

  private set(step: StepName) {
    return setStep(this.db, this.roomkey, step);
  }

  // A refusal is taken back in the local copy, and what was refused would be due again at once.
  private once(what: string, work: () => Promise<unknown>) {
    if (this.written.has(what)) return;
    this.written.add(what);
    this.write(work());
  }

  private write(work: Promise<unknown>) {
    work.catch(this.failed);
  }
}
