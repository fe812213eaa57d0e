// Who looks at this page: asked when it opens, and again when the API says that it does not know any more.
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

type Known = 'asking' | 'closed' | Session;

const ASK_AGAIN_MS = 2_000;

export function useAccess(): Access {
  const [known, setKnown] = useState<Known>('asking');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const close = (): void => setKnown('closed');
  useEffect(() => {
    keyWanted.addEventListener('wanted', close);
    return () => keyWanted.removeEventListener('wanted', close);
  }, []);
  useEffect(() => askUntilAnswered(setKnown, setTrouble), []);
  return {
    session: typeof known === 'string' ? null : known,
    closed: known === 'closed',
    trouble: known === 'asking' ? trouble : null,
    enter: setKnown,
    // Where the API is away the session ends with its time; this page forgets it at once.
    leave: () => void api.logOut().then(close, close),
  };
}

/** Returns how to stop. */
function askUntilAnswered(
  answered: (session: Session) => void,
  stumble: (trouble: Trouble) => void,
): () => void {
  let timer = 0;
  const ask = (): void =>
    void api.session().then(answered, (why: Trouble) => {
      stumble(why);
      if (!why.needsKey) timer = setTimeout(ask, ASK_AGAIN_MS);
    });
  ask();
  return () => clearTimeout(timer);
}
