// SOURCE[/STREAM…], SINK[/PREFIX] and SINK/ARCHIVE as the command line writes them.
import { usageError } from './errors.js';

export interface SourcePlace {
  readonly connection: string;
  /** Absent: all streams. */
  readonly streams?: string[];
}

/** `crm`, `crm/contacts,companies`, or several of one connection: `crm/contacts crm/companies`. */
export function parseSource(places: readonly string[]): SourcePlace {
  const parts = places.map((place) => split(place));
  const connection = parts[0]?.connection ?? '';
  if (connection === '' || parts.some((part) => part.connection !== connection))
    throw usageError(
      `all sources of a job are streams of one connection, not of ${places.join(' and ')}`,
      'Start one job for each connection.',
    );
  const whole = parts.filter((part) => part.rest === null).length;
  if (whole === parts.length) return { connection };
  if (whole > 0)
    throw usageError(
      `"${connection}" means all its streams; it cannot be named beside single ones`,
      `Leave out either "${connection}" or the single streams.`,
    );
  return { connection, streams: [...new Set(parts.flatMap((part) => names(part.rest ?? '', places)))] };
}

/** `vault` or `vault/nightly/crm`. */
export function parseSink(place: string): { connection: string; prefix?: string } {
  const { connection, rest } = split(place);
  return rest === null ? { connection } : { connection, prefix: rest };
}

/** `vault/nightly/backup-crm-…`: the archive id may have a prefix before it. */
export function parseArchive(place: string): { connection: string; archive: string } {
  const { connection, rest } = split(place);
  if (rest !== null) return { connection, archive: rest };
  throw usageError(`"${place}" names no archive`, 'Write SINK/ARCHIVE, as `longhaul show ID` prints it.');
}

/** `main` for the source itself, or `vault/nightly/a` for another archive. */
export function parseAgainst(place: string): { connection: string; archive?: string } {
  const { connection, rest } = split(place);
  return rest === null ? { connection } : { connection, archive: rest };
}

/** `contacts.account_id=accounts.id`, several of them. */
export function parseRemap(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const parts = pair.split('=').map((part) => part.trim());
      if (parts.length === 2 && parts.every((part) => /^.+\..+$/.test(part)))
        return parts as [string, string];
      throw usageError(
        `"${pair}" is no remap`,
        'Write STREAM.FIELD=STREAM.KEY, like contacts.account_id=accounts.id.',
      );
    }),
  );
}

function split(place: string): { connection: string; rest: string | null } {
  const slash = place.indexOf('/');
  const rest = slash < 0 ? '' : place.slice(slash + 1).replace(/\/+$/, '');
  return { connection: slash < 0 ? place : place.slice(0, slash), rest: rest === '' ? null : rest };
}

function names(list: string, places: readonly string[]): string[] {
  const streams = list.split(',').map((name) => name.trim());
  if (!streams.includes('')) return streams;
  throw usageError(
    `a stream has no name in ${places.join(' ')}`,
    'Write SOURCE/STREAM,STREAM without empty parts.',
  );
}
