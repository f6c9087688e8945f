// The matches of the first team's time that wait for the asker's answer: they are of no concern that this server knows, no
// request of the API lists them, and the rules let nobody read them. Asked for by REST: a second client that listens would keep one more of the six
// connections that a browser has for a host, and two windows would block each other.
import { asOwner, type Local } from './local';

export interface Offer {
  idx: number;
  concern: { content?: string; minutes: number };
  willsoner?: { nickname?: string; introduction?: string };
  starts_at?: number; // epoch ms
  round?: number; // of a payment
}

type Fields = Record<string, Value>;

interface Value {
  stringValue?: string;
  integerValue?: string;
  timestampValue?: string;
  mapValue?: { fields?: Fields };
}

export async function offersFor({ firestoreEmulator, projectId }: Local, uid: string): Promise<Offer[]> {
  const url = `http://${firestoreEmulator}/v1/projects/${projectId}/databases/(default)/documents:runQuery`;
  const is = (fieldPath: string, stringValue: string) => ({ fieldFilter: { field: { fieldPath }, op: 'EQUAL', value: { stringValue } } });
  const where = { compositeFilter: { op: 'AND', filters: [is('asker_uid', uid), is('status', 'waiting')] } };
  const found = await asOwner<{ document?: { fields: Fields } }[]>(url, { structuredQuery: { from: [{ collectionId: 'matches' }], where } });
  const offers = found.flatMap(({ document }) => (document ? [plain(document.fields) as unknown as Offer] : []));
  return offers.filter(({ round }) => round === undefined).sort((a, b) => a.idx - b.idx);
}

function plain(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, { stringValue, integerValue, timestampValue, mapValue }]) => {
    if (mapValue) return [name, plain(mapValue.fields ?? {})];
    if (integerValue) return [name, Number(integerValue)];
    return [name, timestampValue ? Date.parse(timestampValue) : stringValue];
  }));
}
