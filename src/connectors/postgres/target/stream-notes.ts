// The streams of a job as the target remembers them: what each table was like in the archive, and how far it is.
import type { Session } from '../session.js';
import type { ArchivedTable } from './archived.js';

/** A stream of the job as its archive describes it, and how far its table is: the steps after the load that are done. */
export interface StreamNote {
  readonly job: string;
  readonly table: ArchivedTable;
  readonly created: boolean;
  readonly finished: number;
}

export async function noteStream(session: Session, job: string, table: ArchivedTable, created: boolean) {
  await session.rows(
    `INSERT INTO longhaul.streams (job, stream, created, description) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [job, table.stream, created, JSON.stringify(table)],
  );
}

export async function isNoted(session: Session, job: string, stream: string): Promise<boolean> {
  const noted = 'SELECT FROM longhaul.streams WHERE job = $1 AND stream = $2';
  return (await session.rows(noted, [job, stream])).length > 0;
}

export async function streamNames(session: Session, job: string): Promise<string[]> {
  const rows = await session.rows('SELECT stream FROM longhaul.streams WHERE job = $1 ORDER BY stream', [
    job,
  ]);
  return rows.map(([stream]) => stream!);
}

/** For the length of the transaction nobody else finishes the stream. null: it is not there any more. */
export async function holdStream(session: Session, job: string, stream: string): Promise<StreamNote | null> {
  const [row] = await session.rows(
    'SELECT created, finished, description FROM longhaul.streams WHERE job = $1 AND stream = $2 FOR UPDATE',
    [job, stream],
  );
  if (!row) return null;
  const [created, finished, description] = row;
  return {
    job,
    created: created === 't',
    finished: Number(finished),
    table: JSON.parse(description!) as ArchivedTable,
  };
}

export async function streamFinished(
  session: Session,
  job: string,
  stream: string,
  step: number,
  notes: readonly string[],
): Promise<void> {
  await session.rows(
    'UPDATE longhaul.streams SET finished = $3, notes = notes || $4::text[] WHERE job = $1 AND stream = $2',
    [job, stream, step, notes],
  );
}
