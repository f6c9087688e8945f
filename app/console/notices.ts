// What people's phones would have been told: in local mode the server keeps it instead of sending it.
export interface Told {
  idx: number;
  at: number; // epoch ms
  kind: 'requested' | 'offered' | 'selected' | 'joined' | 'reviewed';
  uid: string;
}

const every = 3_000; // ms

// watchNotices calls heard with what a user is told from now on, the newest first. It returns how to stop it.
export function watchNotices(uid: string, heard: (notices: Told[]) => void): () => void {
  let last: number | undefined;
  const look = async () => {
    try {
      const { told } = (await (await fetch('/console/told')).json()) as { told: Told[] };
      const newest = told.at(-1)?.idx ?? 0;
      if (last !== undefined && newest < last) last = 0; // another process: it counts anew
      const news = told.filter((each) => each.uid === uid && last !== undefined && each.idx > last);
      last = newest;
      if (news.length > 0) heard(news.reverse());
    } catch {
      // The server is being restarted.
    }
  };
  void look();
  const looking = setInterval(() => void look(), every);
  return () => clearInterval(looking);
}
