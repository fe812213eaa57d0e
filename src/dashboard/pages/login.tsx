// Asks for a key where the API has some. It goes to the API once, and stays nowhere on this page.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Session, type Trouble } from '../api.js';
import { Page } from '../ui/page.js';
import { Prose } from '../ui/prose.js';

interface LoginProps {
  readonly enter: (session: Session) => void;
}

export function LoginPage({ enter }: LoginProps) {
  const [key, setKey] = useState('');
  const { trouble, busy, logIn } = useLogin(enter);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (trouble) input.current?.focus();
  }, [trouble]);
  const submit = (event: Event): void => {
    event.preventDefault();
    void logIn(key.trim());
  };
  return (
    <Page title="Log in" focus={input}>
      <p class="lead">
        This Longhaul is for those who have a key. Whoever runs it makes one with{' '}
        <code>longhaul keys add</code>.
      </p>
      <form class="login" noValidate onSubmit={submit}>
        <div class="field">
          <label for="key">Key</label>
          <input
            ref={input}
            id="key"
            name="key"
            type="password"
            autocomplete="current-password"
            aria-describedby="key-fault"
            aria-invalid={trouble !== null}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <span class="fault" id="key-fault" role="alert">
            {trouble && <Prose text={faultOf(trouble)} />}
          </span>
        </div>
        <button class="primary" aria-disabled={busy}>
          Log in
        </button>
      </form>
    </Page>
  );
}

function faultOf({ message, hint, problem }: Trouble): string {
  return problem?.code === 'request_invalid' ? 'Type the key.' : `${message} ${hint}`;
}

/** A second click while the first is on its way does nothing. */
function useLogin(enter: (session: Session) => void) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [busy, setBusy] = useState(false);
  const logIn = async (key: string): Promise<void> => {
    if (busy) return;
    setBusy(true);
    await api.logIn(key).then(enter, setTrouble);
    setBusy(false);
  };
  return { trouble, busy, logIn };
}
