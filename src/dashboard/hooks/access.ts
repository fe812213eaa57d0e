// Who looks at this page: asked when it opens, and again whenever a call was refused for want of a key.
import { useEffect, useState } from 'preact/hooks';
import { api, keyWanted, type Session, type Trouble } from '../api.js';

export interface Access {
  /** null: not known yet, or not any more. */
  readonly session: Session | null;
  /** Nothing is shown without a key. */
  readonly closed: boolean;
  /** What kept the page from asking; it asks again. */
  readonly trouble: Trouble | null;
  readonly enter: (session: Session) => void;
  readonly leave: () => void;
}

type Known = 'asking' | 'leaving' | 'closed' | Session;

const ASK_AGAIN_MS = 2_000;

export function useAccess(): Access {
  const [known, setKnown] = useState<Known>('asking');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const close = (): void => setKnown('closed');
  useEffect(() => {
    // The refused call may be one of the session before: only the API knows.
    const doubt = (): void => setKnown((now) => (typeof now === 'string' ? now : 'asking'));
    keyWanted.addEventListener('wanted', doubt);
    return () => keyWanted.removeEventListener('wanted', doubt);
  }, []);
  useEffect(() => (known === 'asking' ? askUntilAnswered(setKnown, setTrouble) : undefined), [known]);
  return {
    session: typeof known === 'string' ? null : known,
    closed: known === 'closed',
    trouble: known === 'asking' ? trouble : null,
    enter: setKnown,
    leave: () => {
      // Nobody logs in before the answer, which takes the cookie away. Where the API is away, the session ends with its time.
      setKnown('leaving');
      void api.logOut().then(close, close);
    },
  };
}

/** Returns how to stop. */
function askUntilAnswered(answered: (known: Known) => void, stumble: (trouble: Trouble) => void): () => void {
  let timer = 0;
  const ask = (): void =>
    void api.session().then(answered, (why: Trouble) => {
      if (why.needsKey) return answered('closed');
      stumble(why);
      timer = setTimeout(ask, ASK_AGAIN_MS);
    });
  ask();
  return () => clearTimeout(timer);
}
