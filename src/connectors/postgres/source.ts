// PostgreSQL as a source: every call has a session of its own, and lets go of it whatever happens.
import type { PostgresConnection } from '../../config/postgres.js';
import type { Context, Cursor, Page, Source } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import type { SourceOptions } from '../../core/registry.js';
import { type BlockCursor, readByBlock } from './blocks.js';
import { describeTables, shapeOf, type Table } from './catalog.js';
import { isKeyed } from './key.js';
import { type KeyCursor, readByKey } from './keyed.js';
import { type TableName, tableName } from './names.js';
import type { PageSize } from './pages.js';
import { divide, type Range } from './partitions.js';
import { openSession, type Session } from './session.js';
import type { Slots } from './slots.js';
import { findStreams } from './streams.js';

/** The size that kept the reader within a few percent of the server's own speed. */
const DEFAULT_PAGE_BYTES = 1_048_576;

export interface SourceDeps {
  readonly connection: string;
  readonly config: PostgresConnection;
  readonly slots: Slots;
}

export function createPostgresSource(deps: SourceDeps, options: SourceOptions): Source {
  const open = new Set<Session>();
  const size: PageSize =
    options.pageSize === undefined ? { bytes: DEFAULT_PAGE_BYTES } : { records: options.pageSize };

  async function* inSession<T>(
    ctx: Context,
    work: (session: Session) => AsyncIterable<T>,
    hold?: TableName,
  ): AsyncGenerator<T> {
    if (ctx.stop.aborted) throw new Stopped('stopped before it began');
    const release = await deps.slots.acquire(ctx);
    let session: Session | undefined;
    try {
      session = await openSession({ ...deps, ctx, ...(hold && { hold }) });
      open.add(session);
      yield* untilStopped(ctx, work(session));
    } finally {
      session?.close();
      if (session) open.delete(session);
      release();
    }
  }

  return {
    streams: (ctx, names) =>
      inSession(ctx, async function* list(session) {
        yield* await findStreams(session, ctx.meter, { schemas: deps.config.schemas, names });
      }),
    partitions: (ctx, stream, want) =>
      inSession(ctx, async function* parts(session) {
        yield* await divide(session, await tableOf(session, stream.name), stream, want);
      }),
    read: (ctx, stream, partition, from) => {
      const range = partition.range as unknown as Range;
      const hold = range.kind === 'm' ? undefined : named(stream); // a materialized view cannot be locked, nor altered
      return inSession(ctx, (session) => read({ session, ctx, stream, range, from, size }), hold);
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

async function* read({ session, ctx, stream, range, from, size }: Reading): AsyncGenerator<Page> {
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

async function* untilStopped<T>({ stop }: Context, items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    if (stop.aborted) throw new Stopped('stopped between pages');
  }
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
