// A room's talk, in the documents that the app keeps in chatrooms/{roomkey}/chats: three steps, and the messages.
import {
  addDoc, collection, doc, getDoc, onSnapshot, serverTimestamp, setDoc,
  type DocumentReference, type Firestore, type QueryDocumentSnapshot, type Timestamp,
} from 'firebase/firestore';
import { asRoom, type Room } from './sessions';

export interface Step {
  readUser: Record<string, true>;
  timeStamp: Timestamp | null;
}

export interface Message extends Step {
  id: string;
  uid: string;
  message: string;
  pending: boolean;
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

  enter() {
    return this.readAs(doc(this.all, 'start'), { uid: 'start' });
  }

  // Both sides may do this at the same moment: merging what is there already changes nothing.
  introduce() {
    return setDoc(doc(this.all, 'intro'), { uid: 'intro', message: '' }, { merge: true });
  }

  agree() {
    return this.readAs(doc(this.all, 'intro'));
  }

  // The clock starts once: of two sides that start it at the same moment, the later is refused, and all is well.
  async begin() {
    const end = doc(this.all, 'end');
    try {
      await setDoc(end, { uid: 'end', timeStamp: serverTimestamp() });
    } catch (error) {
      if (!(await getDoc(end)).exists()) throw error;
    }
  }

  say(message: string) {
    return addDoc(this.all, { uid: this.uid, message, timeStamp: serverTimestamp(), readUser: { [this.uid]: true } });
  }

  markRead(message: Message) {
    return this.readAs(doc(this.all, message.id));
  }

  private readAs(chat: DocumentReference, fields = {}) {
    return setDoc(chat, { ...fields, readUser: { [this.uid]: true } }, { merge: true });
  }
}

function read(chat: QueryDocumentSnapshot): Message {
  const { uid = '', message = '', readUser = {}, timeStamp = null } = chat.data({ serverTimestamps: 'estimate' });
  return { id: chat.id, uid, message, readUser, timeStamp, pending: chat.metadata.hasPendingWrites };
}

const byTime = (a: Message, b: Message) => (a.timeStamp?.toMillis() ?? 0) - (b.timeStamp?.toMillis() ?? 0);
