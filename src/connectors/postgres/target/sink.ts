// PostgreSQL as the target of a restore. The positions of a job lie beside its rows, in schema `longhaul`.
import { randomUUID } from 'node:crypto';
import type { Context, Head, SealSummary, Sink, Stream, Target } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { START } from '../../../core/checkpoint.js';
import type { Json } from '../../../core/json.js';
import type { SinkOptions } from '../../../core/registry.js';
import { describeTables, type Table } from '../catalog.js';
import type { Clients } from '../clients.js';
import { openSession, type Session } from '../session.js';
import { archivedTable, type ArchivedTable } from './archived.js';
import { bringBackAnyhow, missing, takeOff } from './constraints.js';
import { createTable } from './create.js';
import { STEPS } from './finish.js';
import * as ledger from './ledger.js';
import type { Destination } from './destination.js';
import { lookAtTarget } from './look.js';
import type { Order } from './order.js';
import * as streamNotes from './stream-notes.js';
import { createPartitionWriter } from './writer.js';

export interface SinkDeps {
  readonly clients: Clients;
  /** The only schemas that may be written to; undefined: all. */
  readonly schemas: readonly string[] | undefined;
}

/** An index or a foreign key over a large table keeps the server silent for long. */
const LONGEST_STATEMENT_MS = 12 * 3_600_000;

/** Sums over the heads that were settled. */
type Settled = { readonly partitions: number; readonly records: number; readonly bytes: number };
const NOTHING: Settled = { partitions: 0, records: 0, bytes: 0 };

export function createPostgresSink({ clients, schemas }: SinkDeps, options: SinkOptions): Sink {
  const { job, mode, create, rejects, remap } = options;
  const { where } = clients;
  const open = new Set<Session>();
  const replace = mode === 'upsert';
  let order: Order | null = null;

  async function enter(ctx: Context, settings: { write?: boolean; timeoutMs?: number }): Promise<Session> {
    const session = await openSession({ clients, ctx, ...settings });
    open.add(session);
    const close = () => {
      open.delete(session);
      session.close();
    };
    return { ...session, close, end: () => session.end().then(() => void open.delete(session)) };
  }

  /** One transaction: committed when `work` is through, gone when it throws. */
  async function within<T>(
    ctx: Context,
    settings: { write?: boolean; timeoutMs?: number },
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const session = await enter(ctx, settings);
    try {
      const result = await work(session);
      await session.end();
      return result;
    } finally {
      session.close();
    }
  }

  const reading = <T>(ctx: Context, work: (session: Session) => Promise<T>) => within(ctx, {}, work);
  const writing = <T>(ctx: Context, work: (session: Session) => Promise<T>, timeoutMs = clients.timeoutMs) =>
    within(ctx, { write: true, timeoutMs }, work);

  async function prepare(session: Session, table: ArchivedTable): Promise<void> {
    if (await streamNotes.isNoted(session, job, table.stream)) return;
    const isThere = (await describeTables(session, [table])).length > 0;
    if (!isThere) await createTable(session, table);
    await streamNotes.noteStream(session, job, table, !isThere);
  }

  return {
    async stages(ctx, streams) {
      if (Object.keys(remap).length > 0) throw unmapped(where);
      const looking = { where, schemas, replace, create, rejects };
      order = await reading(ctx, async (session) => {
        const planned = await ledger.plannedStages(session, job);
        return planned ? { stages: planned, circular: [] } : lookAtTarget(session, looking, streams);
      });
      return order.stages;
    },

    begin: (ctx, streams: readonly Stream[]) =>
      writing(ctx, async (session) => {
        const isFirst = await ledger.claimJob(session, job, order?.stages ?? null);
        if (isFirst) await takeOff(session, job, order?.circular ?? []);
        for (const stream of streams) await prepare(session, archivedTable(stream, where));
      }),

    recover: (ctx, target, state) =>
      reading(ctx, async (session) => {
        const found = await ledger.positionOf(session, job, target);
        return seqOf(found?.sink ?? null) === seqOf(state) ? null : (found ?? START);
      }),

    async open(ctx, target, state) {
      const hold = { job, target, holder: randomUUID() };
      const destination = await writing(ctx, async (session) => {
        await ledger.takeOver(session, hold, seqOf(state));
        return destinationOf(session, target);
      });
      const own = () => enter(ctx, { write: true });
      return createPartitionWriter({ enter: own, hold, destination, seq: seqOf(state), rejects });
    },

    settle: async (_ctx, heads, settled) => sum(heads, settled),

    async seal(ctx, { heads, settled }) {
      const { partitions, records, bytes } = sum(heads, settled);
      const summary = (notes: readonly string[]): SealSummary => ({
        records,
        bytes,
        storedBytes: 0,
        segments: 0,
        ...(notes.length > 0 && { notes }),
      });
      // in one look: another attempt may end the job meanwhile, and takes the positions away
      const ended = await reading(ctx, async (session) => {
        const notes = await ledger.endOf(session, job);
        if (!notes) await expectWritten(session, { partitions, records });
        return notes;
      });
      if (ended) return summary(ended);
      await finish(ctx);
      return writing(ctx, async (session) => {
        await ledger.endJob(session, job);
        return summary((await ledger.endOf(session, job)) ?? []);
      });
    },

    async discard(ctx) {
      if (!(await reading(ctx, ledger.hasLedger))) return;
      await writing(ctx, async (session) => {
        await ledger.endWriters(session, job);
        await ledger.noteCommitted(session, job);
        await ledger.endJob(session, job);
      });
      while (await writing(ctx, bringOneBack, LONGEST_STATEMENT_MS));
    },

    async close() {
      for (const session of open) session.close();
    },
  };

  async function destinationOf(session: Session, { stream }: Target): Promise<Destination> {
    const noted = await streamNotes.holdStream(session, job, stream);
    const table = noted && (await tableOf(session, noted.table));
    if (!noted || !table) throw new LonghaulError('table_missing', `${where}: table ${stream} is gone`);
    const { key, objects } = noted.table;
    // a table that the job made is empty, and keys of rows are its own; those of a REST API may come twice
    const replaces = replace && key.length > 0 && (objects || !noted.created);
    return { table, objects, replaceBy: replaces ? key : null };
  }

  /** False: there is none. */
  async function bringOneBack(session: Session): Promise<boolean> {
    const [one] = await missing(session, job, null);
    if (one) await ledger.addNote(session, job, await bringBackAnyhow(session, job, one));
    return one !== undefined;
  }

  /** What the workflow knows as finished has to be what the target holds. */
  async function expectWritten(
    session: Session,
    { partitions, records }: Omit<Settled, 'bytes'>,
  ): Promise<void> {
    const there = await ledger.finishedWork(session, job);
    if (there.partitions === partitions && there.records === records) return;
    throw new LonghaulError(
      'chain_broken',
      `${where} has committed ${there.records} records in ${there.partitions} partitions, the job ${records} in ${partitions}`,
      { hint: 'The target lost what it had committed (a failover?). Restore again into empty tables.' },
    );
  }

  async function finish(ctx: Context): Promise<void> {
    const streams = await reading(ctx, (session) => streamNotes.streamNames(session, job));
    for (const [place, step] of STEPS.entries()) {
      for (const stream of streams) {
        await writing(ctx, (session) => finishStep(session, stream, place, step), LONGEST_STATEMENT_MS);
      }
    }
  }

  async function finishStep(
    session: Session,
    stream: string,
    place: number,
    step: (typeof STEPS)[number],
  ): Promise<void> {
    const noted = await streamNotes.holdStream(session, job, stream);
    if (!noted || noted.finished > place) return;
    const notes = await step(session, noted);
    await streamNotes.streamFinished(session, job, stream, place + 1, notes);
  }
}

function unmapped(where: string): LonghaulError {
  return new LonghaulError('connection_unsuitable', `${where}: PostgreSQL keeps the ids that records have`, {
    hint: 'Leave `remap` out: references hold as they are.',
  });
}

async function tableOf(session: Session, name: ArchivedTable): Promise<Table | undefined> {
  return (await describeTables(session, [name]))[0];
}

/** 0: nothing was committed. */
function seqOf(state: Json | null): number {
  return (state as ledger.PositionState | null)?.seq ?? 0;
}

function sum(heads: readonly Head[], before: Json | null): Settled {
  return heads.reduce(
    (total, { records, state }) => {
      const { bytes } = state as ledger.PositionState;
      return {
        partitions: total.partitions + 1,
        records: total.records + records,
        bytes: total.bytes + bytes,
      };
    },
    (before as Settled | null) ?? NOTHING,
  );
}
