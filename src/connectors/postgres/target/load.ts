// Brings batches of records into a table, in a session's transaction: by COPY, where need be through a table of its own.
import type { Table } from '../catalog.js';
import { streamName } from '../names.js';
import type { Session } from '../session.js';
import type { Destination } from './destination.js';
import { Refusal } from './errors.js';
import { objectStatements } from './objects.js';
import { rowStatements } from './rows.js';

export interface Batch {
  write(bytes: Uint8Array): Promise<void>;
  /** Brings all that was written into the table. `records`: how many that were. */
  finish(records: number): Promise<void>;
}

/** One batch at a time. Everything throws `Refusal` where the server refuses a record. */
export interface Load {
  begin(): Batch;
  /** Makes the stage that `taken` needs, outside of any savepoint. Harmless when repeated. */
  prepare(): Promise<void>;
  /** Places, from 0, of those records whose key the table has; none where it has no key to ask for. */
  taken(bytes: Uint8Array): Promise<readonly number[]>;
  /** Makes ready for the next batch, outside of any savepoint: there the stage is emptied on the spot. */
  clear(): Promise<void>;
}

/** `columns` are those of rows, in order. */
export async function createLoad(
  session: Session,
  destination: Destination,
  columns: readonly string[],
): Promise<Load> {
  const { table, objects } = destination;
  const statements = objects ? objectStatements(destination) : rowStatements(destination, columns);
  let staged = false;

  async function prepare(): Promise<void> {
    if (!staged) await session.rows(statements.createStage);
    staged = true;
  }

  async function insert(): Promise<number> {
    for (const { query, values } of statements.checks) {
      const [row] = await session.rows(query, values);
      if (row) throw new Refusal('record_refused', `table ${streamName(table)}: ${row[0]}`);
    }
    const replaced = statements.dropReplaced === null ? 0 : await count(session, statements.dropReplaced);
    return replaced + (await count(session, statements.insert));
  }

  if (statements.copy === null) await prepare();
  return {
    prepare,
    begin() {
      const copy = session.copyIn(statements.copy ?? statements.copyToStage);
      return {
        write: (bytes) => copy.write(bytes),
        async finish(records) {
          expectAll(table, await copy.end(), records);
          if (statements.copy === null) expectAll(table, await insert(), records);
        },
      };
    },
    async taken(bytes) {
      if (statements.findTaken === null) return [];
      const copy = session.copyIn(statements.copyToStage);
      await copy.write(bytes);
      await copy.end();
      return (await session.rows(statements.findTaken)).map(([place]) => Number(place));
    },
    async clear() {
      if (staged) await session.rows('TRUNCATE pg_temp.longhaul_stage');
    },
  };
}

async function count(session: Session, statement: string): Promise<number> {
  const [row] = await session.rows(`WITH done AS (${statement} RETURNING 1) SELECT count(*) FROM done`);
  return Number(row?.[0]);
}

function expectAll(table: Table, taken: number, records: number): void {
  if (taken === records) return;
  throw new Refusal(
    'record_refused',
    `table ${streamName(table)} took ${taken} of ${records} records: a trigger or rule of the target passes over some`,
  );
}
