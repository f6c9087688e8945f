// A room's talk, in the documents that the app keeps in chatrooms/{roomkey}/chats: three steps, and the messages.
import {
  addDoc, collection, doc, getDoc, onSnapshot, serverTimestamp, setDoc, type Firestore,
  type QueryDocumentSnapshot, type Timestamp,
} from 'firebase/firestore';
import { asRoom, type Room } from './sessions';

export interface Step {
  readUser: Record<string, true>;
  timeStamp: Timestamp | null;
  pending: boolean;
}

export interface Message extends Step {
  id: string;
  uid: string;
  message: string;
}

export interface Talk {
  room?: Room;
  start?: Step;
  intro?: Step;
  end?: Step;
  messages: Message[];
}

const steps = ['start', 'intro', 'end'] as const;

export class Chats {
  constructor(private readonly db: Firestore, readonly roomkey: string, private readonly uid: string) {}

  private get room() {
    return doc(this.db, 'chatrooms', this.roomkey);
  }

  private get all() {
    return collection(this.room, 'chats');
  }

  watch(changed: (talk: Talk) => void, failed: (error: Error) => void): () => void {
    let talk: Talk = { messages: [] };
    const stopRoom = onSnapshot(this.room, (room) => {
      const data = room.data();
      changed(talk = data ? { ...talk, room: asRoom(room.id, data) } : { messages: [] });
    }, failed);
    const stopChats = onSnapshot(this.all, { includeMetadataChanges: true }, (chats) => {
      const found = new Map(chats.docs.map((chat) => [chat.id, read(chat)]));
      const { room } = talk;
      talk = { ...(room && { room }), messages: [] };
      for (const step of steps) {
        const chat = found.get(step);
        if (chat) talk[step] = chat;
        found.delete(step);
      }
      talk.messages = [...found.values()].sort(byTime);
      changed(talk);
    }, failed);
    return () => {
      stopRoom();
      stopChats();
    };
  }

  enter(start: Step) {
    return this.join('start', start);
  }

  introduce() {
    return this.set('intro');
  }

  agree(intro: Step) {
    return this.join('intro', intro);
  }

  // Both sides start the clock. Later than ten minutes after intro the rules let the first alone through, and all is well.
  async begin() {
    try {
      await this.set('end');
    } catch (error) {
      if (!(await getDoc(doc(this.all, 'end'))).exists()) throw error;
    }
  }

  say(message: string) {
    return addDoc(this.all, { uid: this.uid, message, timeStamp: serverTimestamp(), readUser: this.me });
  }

  markRead(message: Message) {
    return setDoc(doc(this.all, message.id), { readUser: this.me }, { merge: true });
  }

  private get me() {
    return { [this.uid]: true };
  }

  private set(step: string) {
    return setDoc(doc(this.all, step), { uid: step, message: '', timeStamp: serverTimestamp() });
  }

  private join(step: string, { timeStamp }: Step) {
    return setDoc(doc(this.all, step), { uid: step, timeStamp, readUser: this.me }, { merge: true });
  }
}

function read(chat: QueryDocumentSnapshot): Message {
  const { uid = '', message = '', readUser = {}, timeStamp = null } = chat.data({ serverTimestamps: 'estimate' });
  return { id: chat.id, uid, message, readUser, timeStamp, pending: chat.metadata.hasPendingWrites };
}

const byTime = (a: Message, b: Message) => (a.timeStamp?.toMillis() ?? 0) - (b.timeStamp?.toMillis() ?? 0);
