// The statements that bring a batch of archived rows into a table.
import { escapeIdentifier } from 'pg';
import { LonghaulError } from '../../../core/errors.js';
import type { Table } from '../catalog.js';
import { quoted, streamName } from '../names.js';
import type { CopyIn, Session } from '../session.js';

export interface Destination {
  readonly table: Table;
  /** By these columns a row that is there is replaced; null: it is a conflict. */
  readonly replaceBy: readonly string[] | null;
}

export interface Batch {
  write(bytes: Uint8Array): Promise<void>;
  /** Brings all that was written into the table, in the session's transaction. `records`: how many that were. */
  finish(records: number): Promise<void>;
}

const STAGE = 'pg_temp.longhaul_stage';

/** `columns` are those of the rows, in order. */
export async function startBatch(
  session: Session,
  { table, replaceBy }: Destination,
  columns: readonly string[],
): Promise<Batch> {
  const generated = new Set(table.columns.filter((column) => column.generated).map(({ name }) => name));
  const kept = columns.filter((name) => !generated.has(name));
  if (replaceBy === null && kept.length === columns.length)
    return direct(session.copyIn(copyStatement(quoted(table), columns)), table);
  // COPY can neither replace rows nor pass over values of generated columns.
  await session.rows(
    `CREATE TEMPORARY TABLE longhaul_stage ON COMMIT DROP AS SELECT ${list(columns)} FROM ${quoted(table)} WITH NO DATA`,
  );
  const copy = session.copyIn(copyStatement(STAGE, columns));
  return staged(session, copy, table, insertStatement(table, kept, replaceBy));
}

function direct(copy: CopyIn, table: Table): Batch {
  return {
    write: (bytes) => copy.write(bytes),
    finish: async (records) => expectAll(table, await copy.end(), records),
  };
}

function staged(session: Session, copy: CopyIn, table: Table, insert: string): Batch {
  return {
    write: (bytes) => copy.write(bytes),
    async finish(records) {
      expectAll(table, await copy.end(), records);
      const [row] = await session.rows(
        `WITH written AS (${insert} RETURNING 1) SELECT count(*) FROM written`,
      );
      expectAll(table, Number(row?.[0]), records);
    },
  };
}

function copyStatement(into: string, columns: readonly string[]): string {
  return `COPY ${into} ${columns.length === 0 ? '' : `(${list(columns)})`} FROM STDIN (FORMAT csv)`;
}

function insertStatement(table: Table, kept: readonly string[], replaceBy: readonly string[] | null): string {
  const insert = `INSERT INTO ${quoted(table)} (${list(kept)}) OVERRIDING SYSTEM VALUE SELECT ${list(kept)} FROM ${STAGE}`;
  if (replaceBy === null) return insert;
  const others = kept.filter((name) => !replaceBy.includes(name));
  // A row that is all key is written again as it is, so that it is counted.
  const set = others.length > 0 ? others : kept.slice(0, 1);
  const values = set.map((name) => `${escapeIdentifier(name)} = excluded.${escapeIdentifier(name)}`);
  return `${insert} ON CONFLICT (${list(replaceBy)}) DO UPDATE SET ${values.join(', ')}`;
}

function list(columns: readonly string[]): string {
  return columns.map((name) => escapeIdentifier(name)).join(', ');
}

function expectAll(table: Table, taken: number, records: number): void {
  if (taken === records) return;
  throw new LonghaulError(
    'record_refused',
    `table ${streamName(table)} took ${taken} of ${records} records: a trigger or rule of the target passes over some`,
  );
}
