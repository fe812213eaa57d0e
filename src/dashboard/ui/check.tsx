// Has a worker try a connection, and shows what it saw right there.
import { useEffect, useState } from 'preact/hooks';
import { api, type Trouble } from '../api.js';
import type { ConnectionCheck } from '../../core/work.js';
import { Icon } from './icon.js';
import { ErrorNote, TroubleNote } from './trouble.js';

type Seen = 'asking' | { readonly check: ConnectionCheck } | { readonly trouble: Trouble } | null;

export function Check({ name }: { readonly name: string }) {
  const [seen, setSeen] = useState<Seen>(null);
  useEffect(() => setSeen(null), [name]);
  const ask = async (): Promise<void> => {
    setSeen('asking');
    const answer = api.check(name).then(
      (check) => ({ check }),
      (trouble: Trouble) => ({ trouble }),
    );
    setSeen(await answer);
  };
  return (
    <div class="check">
      <button type="button" class="small" aria-label={`Check ${name}`} onClick={() => void ask()}>
        Check
      </button>
      <div class="check-answer" role="status">
        <Answer seen={seen} />
      </div>
    </div>
  );
}

function Answer({ seen }: { readonly seen: Seen }) {
  if (seen === null) return null;
  if (seen === 'asking') return <span class="quiet">A worker is trying it …</span>;
  if ('trouble' in seen) return <TroubleNote trouble={seen.trouble} />;
  if (seen.check.error) return <ErrorNote error={seen.check.error} />;
  return (
    <span class="state state-completed">
      <Icon name="completed" />
      {seen.check.detail || 'It works.'}
    </span>
  );
}
