// Foreign keys that close a circle are off while rows are loaded. Which those are stands in the target, written in the
// transaction that takes them off, until the one that brings them back.
import { escapeIdentifier } from 'pg';
import { quoted, tableName } from '../names.js';
import type { Session } from '../session.js';
import type { Reference } from './order.js';

export const CONSTRAINTS_TABLE = `CREATE TABLE IF NOT EXISTS longhaul.constraints (
  job text, stream text, name text, definition text NOT NULL, PRIMARY KEY (job, stream, name))`;

interface Missing {
  /** The table as a stream is named. */
  readonly stream: string;
  readonly name: string;
  readonly definition: string;
}

/** In the transaction that claims the job. */
export async function takeOff(session: Session, job: string, circular: readonly Reference[]): Promise<void> {
  for (const { from, constraint, definition } of circular) {
    await session.rows(
      'INSERT INTO longhaul.constraints (job, stream, name, definition) VALUES ($1, $2, $3, $4)',
      [job, from, constraint, definition],
    );
    await session.rows(`ALTER TABLE ${sqlName(from)} DROP CONSTRAINT ${escapeIdentifier(constraint)}`);
  }
}

/** Those that are off, kept from everybody else until the transaction ends; of one table where given. */
export async function missing(session: Session, job: string, stream: string | null): Promise<Missing[]> {
  const rows = await session.rows(
    `SELECT stream, name, definition FROM longhaul.constraints
     WHERE job = $1 AND ($2::text IS NULL OR stream = $2) ORDER BY stream, name FOR UPDATE`,
    [job, stream],
  );
  return rows.map(([from, name, definition]) => ({ stream: from!, name: name!, definition: definition! }));
}

/** Throws `record_refused` where rows do not keep to it. Answers a note for people. */
export async function bringBack(session: Session, job: string, one: Missing): Promise<string> {
  await add(session, one, '');
  await forget(session, job, one);
  return `constraint ${one.name} of ${one.stream} was taken off for the load and added again after it.`;
}

/** As `bringBack`, of a job that is given up: what rows do not keep to is there for new ones only. */
export async function bringBackAnyhow(session: Session, job: string, one: Missing): Promise<string> {
  const refusal = await session.venture(() => add(session, one, ''));
  if (!refusal) return bringBack(session, job, one);
  await add(session, one, ' NOT VALID');
  await forget(session, job, one);
  const validate = `ALTER TABLE ${sqlName(one.stream)} VALIDATE CONSTRAINT ${escapeIdentifier(one.name)}`;
  return `constraint ${one.name} of ${one.stream} was added again as NOT VALID: rows refer to ones that are not there. Mend them, then: ${validate}`;
}

/** Somebody may have added it meanwhile. */
async function add(session: Session, { stream, name, definition }: Missing, how: string): Promise<void> {
  const there = await session.rows(
    'SELECT FROM pg_constraint WHERE conrelid = $1::regclass AND conname = $2',
    [sqlName(stream), name],
  );
  if (there.length > 0) return;
  await session.rows(
    `ALTER TABLE ${sqlName(stream)} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}${how}`,
  );
}

async function forget(session: Session, job: string, { stream, name }: Missing): Promise<void> {
  await session.rows('DELETE FROM longhaul.constraints WHERE job = $1 AND stream = $2 AND name = $3', [
    job,
    stream,
    name,
  ]);
}

/** Of a stream that is the name of a table, as `streamName` makes it. */
function sqlName(stream: string): string {
  return quoted(tableName(stream)!);
}
