// What people's phones would have been told: in local mode the server keeps it instead of sending it.
export interface Told {
  idx: number;
  at: number; // epoch ms
  kind: 'requested' | 'offered' | 'selected' | 'joined' | 'reviewed';
  uid: string;
}

const every = 3_000; // ms

// watchNotices calls heard with what a user was told before now, and then with whatever he is told, the newest first. It
// returns how to stop it.
export function watchNotices(uid: string, heard: (notices: Told[], areNew: boolean) => void): () => void {
  let last: number | undefined;
  const look = async () => {
    try {
      const { told } = (await (await fetch('/console/told')).json()) as { told: Told[] };
      const newest = told.at(-1)?.idx ?? 0;
      if (last !== undefined && newest < last) last = 0; // another process: it counts anew
      const since = last ?? 0;
      const news = told.filter((each) => each.uid === uid && each.idx > since).reverse();
      if (news.length > 0) heard(news, last !== undefined);
      last = newest;
    } catch {
      // The server is being restarted.
    }
  };
  void look();
  const looking = setInterval(() => void look(), every);
  return () => clearInterval(looking);
}
