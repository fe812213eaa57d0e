// What went wrong, and what to do about it.
import type { ErrorData } from '../../core/errors.js';
import type { Trouble } from '../api.js';
import { Prose } from './prose.js';

/** Of a call. It is read out at once. */
export function TroubleNote({ trouble }: { readonly trouble: Trouble | null }) {
  if (!trouble) return null;
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{trouble.message}</strong>
      </p>
      <p>
        <Prose text={trouble.hint} />
      </p>
    </div>
  );
}

/** Of a job, or of a check. */
export function ErrorNote({ error }: { readonly error: ErrorData }) {
  const place = [error.stream, error.partition && `partition ${error.partition}`].filter(Boolean).join(', ');
  return (
    <div class="note note-bad">
      <p>
        <strong>{error.message}</strong>
      </p>
      <p>
        <Prose text={error.hint} />
      </p>
      <p class="quiet">
        <code>{error.code}</code>
        {place && ` at ${place}`}
      </p>
    </div>
  );
}
