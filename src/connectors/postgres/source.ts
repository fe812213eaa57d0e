// PostgreSQL as a source: every step has a session of its own, and lets go of it whatever happens.
import type { Context, Cursor, Page, Source } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import type { SourceOptions } from '../../core/registry.js';
import { type BlockCursor, readByBlock } from './blocks.js';
import { describeTables, shapeOf, type Table } from './catalog.js';
import type { Clients } from './clients.js';
import { isKeyed } from './key.js';
import { type KeyCursor, readByKey } from './keyed.js';
import { type TableName, tableName } from './names.js';
import type { PageSize } from './pages.js';
import { divide, type Range } from './partitions.js';
import { openSession, type Session } from './session.js';
import { chooseTables, describeStreams } from './streams.js';

/** The size that kept the reader within a few percent of the server's own speed. */
const DEFAULT_PAGE_BYTES = 1_048_576;

const TABLES_AT_ONCE = 100;

export interface SourceDeps {
  readonly clients: Clients;
  /** Where tables are looked for; undefined: everywhere. */
  readonly schemas: readonly string[] | undefined;
}

export function createPostgresSource({ clients, schemas }: SourceDeps, options: SourceOptions): Source {
  const open = new Set<Session>();
  const size: PageSize =
    options.pageSize === undefined ? { bytes: DEFAULT_PAGE_BYTES } : { records: options.pageSize };

  async function enter(ctx: Context, hold?: TableName): Promise<Session> {
    refuseIfStopped(ctx);
    const session = await openSession({ clients, ctx, ...(hold && { hold }) });
    open.add(session);
    return session;
  }

  function leave(session: Session): void {
    session.close();
    open.delete(session);
  }

  async function inSession<T>(ctx: Context, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await enter(ctx);
    try {
      const result = await work(session);
      await session.end();
      return result;
    } finally {
      leave(session);
    }
  }

  return {
    // No session stays open between two yields: the caller opens others for what it got.
    async *streams(ctx, names, after = '') {
      const tables = await inSession(ctx, (session) => chooseTables(session, { schemas, names, after }));
      for (let start = 0; start < tables.length; start += TABLES_AT_ONCE) {
        const some = tables.slice(start, start + TABLES_AT_ONCE);
        yield* await inSession(ctx, (session) => describeStreams(session, ctx.meter, some));
      }
    },
    async *partitions(ctx, stream, want) {
      yield* await inSession(ctx, async (session) => {
        const table = await tableOf(session, stream.name);
        return divide(session, ctx.meter, table, stream, want);
      });
    },
    async *read(ctx, stream, partition, from) {
      const range = partition.range as unknown as Range;
      const hold = range.kind === 'm' ? undefined : named(stream); // a materialized view cannot be locked, nor altered
      const session = await enter(ctx, hold);
      try {
        refuseIfStopped(ctx);
        yield* untilStopped(ctx, readPages({ session, ctx, stream, range, from, size }));
      } finally {
        leave(session);
      }
    },
    close: async () => {
      for (const session of open) session.close();
    },
  };
}

interface Reading {
  readonly session: Session;
  readonly ctx: Context;
  readonly stream: string;
  readonly range: Range;
  readonly from: Cursor | null;
  readonly size: PageSize;
}

async function* readPages({ session, ctx, stream, range, from, size }: Reading): AsyncGenerator<Page> {
  const table = await tableOf(session, stream);
  if (shapeOf(table) !== range.shape) {
    throw new LonghaulError(
      'table_changed',
      `the columns or the key of ${stream} are not what they were at the start`,
    );
  }
  if ('from' in range) {
    const cursor = from as BlockCursor | null;
    yield* readByBlock(session, ctx.meter, table, { from: cursor?.block ?? range.from, to: range.to }, size);
  } else if (isKeyed(table)) {
    const cursor = from as KeyCursor | null;
    yield* readByKey(
      session,
      ctx.meter,
      table,
      { after: cursor?.after ?? range.after, upto: range.upto },
      size,
    );
  }
}

async function* untilStopped(ctx: Context, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  for await (const page of pages) {
    yield page;
    if (page.next !== null) refuseIfStopped(ctx);
  }
}

function refuseIfStopped({ stop }: Context): void {
  if (stop.aborted) throw new Stopped('told to ask for nothing more');
}

async function tableOf(session: Session, stream: string): Promise<Table> {
  const [table] = await describeTables(session, [named(stream)]);
  if (table === undefined) throw new LonghaulError('table_missing', `table ${stream} is not there any more`);
  return table;
}

function named(stream: string): TableName {
  const name = tableName(stream);
  if (name === null) throw new LonghaulError('stream_unknown', `there is no table ${stream}`);
  return name;
}
