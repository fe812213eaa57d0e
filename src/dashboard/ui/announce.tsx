// Says news to those who listen instead of look: one polite line for the whole page.
import { useEffect, useState } from 'preact/hooks';

const listeners = new Set<(text: string) => void>();

export function announce(text: string): void {
  for (const listener of listeners) listener(text);
}

export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    listeners.add(setText);
    return () => void listeners.delete(setText);
  }, []);
  return (
    <div class="unseen" role="status">
      {text}
    </div>
  );
}
