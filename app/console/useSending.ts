// What is sent once, however often its button is pressed. The button stays enabled, since one that is disabled loses the
// focus.
import { useRef, useState } from 'preact/hooks';

// useSending returns whether something is being sent, and how to send: while the last is under way, nothing happens.
export function useSending(): [boolean, (work: () => Promise<unknown>) => Promise<void>] {
  const [isSending, setSending] = useState(false);
  const isBusy = useRef(false);
  const send = async (work: () => Promise<unknown>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setSending(true);
    try {
      await work();
    } finally {
      isBusy.current = false;
      setSending(false);
    }
  };
  return [isSending, send];
}
