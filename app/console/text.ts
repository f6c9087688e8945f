const seoul = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('ko-KR', { timeZone: 'Asia/Seoul', ...options });

const day = seoul({ year: 'numeric', month: 'long', day: 'numeric' });
const minute = seoul({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const second = seoul({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export const dayOf = (milliseconds: number) => day.format(milliseconds);
export const minuteOf = (milliseconds: number) => minute.format(milliseconds);
export const secondOf = (milliseconds: number) => second.format(milliseconds);

// clock shows what is left of a talk, as 49:07.
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export const initial = (name: string | undefined) => [...(name ?? '')][0] ?? '?';

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
