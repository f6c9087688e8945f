// State that lasts as long as the window, also when the page is loaded anew.
import { useState } from 'preact/hooks';

export function useKept<T>(name: string, initial: T): [T, (value: T) => void] {
  const [value, set] = useState(() => {
    const text = sessionStorage.getItem(name);
    return text === null ? initial : (JSON.parse(text) as T);
  });
  const keep = (value: T) => {
    sessionStorage.setItem(name, JSON.stringify(value));
    set(value);
  };
  return [value, keep];
}
