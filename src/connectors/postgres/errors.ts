// What a failing database means for a job: SQLSTATEs and socket errors become codes of core/errors.ts.
import { type ErrorCode, LonghaulError, Stopped } from '../../core/errors.js';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const UNREACHABLE: Meaning = { code: 'source_unreachable' };
const UNAVAILABLE: Meaning = { code: 'source_unavailable' };
const LOCKED: Meaning = {
  code: 'source_timeout',
  hint: 'Another session holds a lock on the table (ALTER TABLE, VACUUM FULL): let it finish, then retry the job.',
};
const ROW_SECURITY: Meaning = {
  code: 'permission_denied',
  hint: 'Row level security would hide rows from this role: give it BYPASSRLS, or use the owner of the table.',
};
const UNTRUSTED: Meaning = {
  code: 'config_invalid',
  hint: 'Give the certificate of the authority as `sslrootcert=FILE` in the URL, or trust any with `sslmode=no-verify`.',
};

/** By SQLSTATE, and by its class where the state itself is not named. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '08': UNREACHABLE,
  '28': { code: 'unauthorized' },
  '3F000': { code: 'table_missing' },
  '40001': UNAVAILABLE,
  '40P01': UNAVAILABLE,
  '42501': { code: 'permission_denied' },
  '42703': { code: 'table_changed' },
  '42P01': { code: 'table_missing' },
  '53': UNAVAILABLE,
  '25P03': { code: 'source_timeout' },
  '25P04': { code: 'source_timeout' },
  '55P03': LOCKED,
  '57014': { code: 'source_timeout' },
  '57P01': UNREACHABLE,
  '57P02': UNREACHABLE,
  '57P03': UNREACHABLE,
  '57P05': { code: 'source_timeout' },
};

/**
 * The error as the engine knows it. Only the server's primary message is taken: DETAIL can hold records, and pg's
 * error objects hold both, so they are not kept as the cause either.
 */
export function asLonghaulError(error: unknown, where: string): LonghaulError | Stopped {
  if (error instanceof LonghaulError || error instanceof Stopped) return error;
  const { code = '', message = '', routine } = error as { code?: string; message?: string; routine?: string };
  const meaning = routine === 'check_enable_rls' ? ROW_SECURITY : meaningOf(code, message);
  return new LonghaulError(
    meaning.code,
    `${where}: ${message === '' ? code : message}`,
    meaning.hint === undefined ? {} : { hint: meaning.hint },
  );
}

function meaningOf(code: string, message: string): Meaning {
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    return MEANINGS[code] ?? MEANINGS[code.slice(0, 2)] ?? { code: 'database_error' };
  }
  if (/CERT|SIGNED|LEAF_SIGNATURE/.test(code)) return UNTRUSTED;
  // No SQLSTATE: the socket, TLS, or pg itself, which names the step of the password exchange first.
  return message.startsWith('SASL') ? { code: 'unauthorized' } : UNREACHABLE;
}
