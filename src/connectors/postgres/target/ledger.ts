// What a restore remembers in the target itself, so that rows and position commit together: schema `longhaul`.
import { createHash } from 'node:crypto';
import type { Breadcrumb, Target } from '../../../core/connector.js';
import type { Checkpoint } from '../../../core/checkpoint.js';
import { LonghaulError } from '../../../core/errors.js';
import type { Session } from '../session.js';
import { CONSTRAINTS_TABLE } from './constraints.js';

/** What a flush returns. `seq` counts the commits of the partition. */
export type PositionState = { readonly seq: number; readonly records: number; readonly bytes: number };

/** Names of streams, as `Sink.stages` answers them. */
type Stages = readonly (readonly string[])[];

/** A number that both sides lock: a job, or a partition of it. */
type LockKey = string;

const TABLES = [
  'CREATE SCHEMA IF NOT EXISTS longhaul',
  `CREATE TABLE IF NOT EXISTS longhaul.jobs (
    job text PRIMARY KEY, started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, stages json, notes json)`,
  `CREATE TABLE IF NOT EXISTS longhaul.streams (
    job text, stream text, created boolean NOT NULL, finished smallint NOT NULL DEFAULT 0,
    notes text[] NOT NULL DEFAULT '{}', description json NOT NULL,
    PRIMARY KEY (job, stream))`,
  `CREATE TABLE IF NOT EXISTS longhaul.positions (
    job text, stream text, partition text, seq bigint NOT NULL, holder text NOT NULL, done boolean NOT NULL DEFAULT false,
    records bigint NOT NULL DEFAULT 0, checkpoint json, PRIMARY KEY (job, stream, partition))`,
  CONSTRAINTS_TABLE,
];

/**
 * Lasts as long as the transaction: of two that claim a job at once, one waits. True for the first. Throws `chain_broken`
 * for a job that is over.
 */
export async function claimJob(session: Session, job: string, stages: Stages | null): Promise<boolean> {
  await lock(session, lockKey('longhaul'));
  if (!(await hasLedger(session))) for (const statement of TABLES) await session.rows(statement);
  const claim =
    'INSERT INTO longhaul.jobs (job, stages) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING job';
  const claimed = await session.rows(claim, [job, stages && JSON.stringify(stages)]);
  if (await endOf(session, job))
    throw new LonghaulError('chain_broken', `job ${job} has ended in the target before`);
  return claimed.length > 0;
}

export async function hasLedger(session: Session): Promise<boolean> {
  const [row] = await session.rows(`SELECT to_regclass('longhaul.constraints') IS NOT NULL`);
  return row?.[0] === 't';
}

/** Keeps the job from being ended until the transaction is over. */
async function expectOpen(session: Session, job: string): Promise<void> {
  const [row] = await session.rows('SELECT ended_at IS NULL FROM longhaul.jobs WHERE job = $1 FOR SHARE', [
    job,
  ]);
  if (!row) throw new LonghaulError('chain_broken', 'the target does not know the job any more');
  if (row[0] !== 't') throw overtaken('the job has ended');
}

/** null: nothing of the partition was ever committed. */
export async function positionOf(
  session: Session,
  job: string,
  { stream, partition }: Target,
): Promise<Checkpoint | null> {
  const [row] = await session.rows(
    'SELECT checkpoint FROM longhaul.positions WHERE job = $1 AND stream = $2 AND partition = $3 AND seq > 0',
    [job, stream, partition],
  );
  return row ? (JSON.parse(row[0]!) as Checkpoint) : null;
}

export interface Hold {
  readonly job: string;
  readonly target: Target;
  /** Unique to a writer. */
  readonly holder: string;
}

const HOLDERS = `
  SELECT pg_terminate_backend(l.pid) FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    AND (l.classid::int8 << 32) | l.objid::int8 = ANY ($1::int8[])`;

/**
 * Takes the partition over at commit `seq`: whoever writes it meanwhile is ended, and cannot commit any more.
 * Throws `handover` where the position moved on before.
 */
export async function takeOver(session: Session, { job, target, holder }: Hold, seq: number): Promise<void> {
  const { stream, partition } = target;
  const key = lockKey(job, stream, partition);
  await session.rows(HOLDERS, [[key]]);
  await lock(session, key);
  await expectOpen(session, job);
  const taken = await session.rows(
    `INSERT INTO longhaul.positions AS p (job, stream, partition, holder, seq) VALUES ($1, $2, $3, $4, 0)
     ON CONFLICT (job, stream, partition) DO UPDATE SET holder = excluded.holder WHERE p.seq = $5 RETURNING p.seq`,
    [job, stream, partition, holder, seq],
  );
  if (Number(taken[0]?.[0] ?? -1) !== seq) throw overtaken('the position has moved on');
}

/** Ends the sessions of all that write for the job, so that none keeps a table locked. */
export async function endWriters(session: Session, job: string): Promise<void> {
  const rows = await session.rows('SELECT stream, partition FROM longhaul.positions WHERE job = $1', [job]);
  const keys = rows.map(([stream, partition]) => lockKey(job, stream!, partition!));
  await session.rows(HOLDERS, [keys]);
}

/** For the length of the transaction. Throws `handover` where another writer took over. */
export async function holdPosition(session: Session, { job, target, holder }: Hold): Promise<void> {
  const { stream, partition } = target;
  await lock(session, lockKey(job, stream, partition));
  const mine =
    'SELECT FROM longhaul.positions WHERE job = $1 AND stream = $2 AND partition = $3 AND holder = $4';
  if ((await session.rows(mine, [job, stream, partition, holder])).length === 0)
    throw overtaken('another attempt writes');
}

/** Moves the position in the transaction that holds the rows; it counts when that commits. */
export async function movePosition(
  session: Session,
  hold: Hold,
  breadcrumb: Breadcrumb,
  before: number,
): Promise<PositionState> {
  const { job, target, holder } = hold;
  const { done, tallies } = breadcrumb;
  await expectOpen(session, job);
  const state: PositionState = { seq: before + 1, records: tallies.records, bytes: tallies.bytes };
  const checkpoint: Checkpoint = { ...breadcrumb, sink: state };
  const moved = await session.rows(
    `UPDATE longhaul.positions SET seq = seq + 1, done = $6, records = $7, checkpoint = $8
     WHERE job = $1 AND stream = $2 AND partition = $3 AND holder = $4 AND seq = $5 RETURNING seq`,
    [job, target.stream, target.partition, holder, before, done, tallies.records, JSON.stringify(checkpoint)],
  );
  if (moved.length === 0) throw overtaken('another attempt has committed');
  return state;
}

/** Ends with the transaction. Partitions that were written, and their records, as the target knows them. */
export async function finishedWork(
  session: Session,
  job: string,
): Promise<{ partitions: number; records: number }> {
  const [row] = await session.rows(
    'SELECT count(*), coalesce(sum(records), 0) FROM longhaul.positions WHERE job = $1 AND done',
    [job],
  );
  return { partitions: Number(row?.[0]), records: Number(row?.[1]) };
}

/** As they were when the job began: a plan that changed half-way would leave streams out. null: it has not begun. */
export async function plannedStages(session: Session, job: string): Promise<Stages | null> {
  if (!(await hasLedger(session))) return null;
  const [row] = await session.rows('SELECT stages FROM longhaul.jobs WHERE job = $1', [job]);
  return row?.[0] ? (JSON.parse(row[0]) as Stages) : null;
}

/** What a job that is given up leaves in its tables. */
export async function noteCommitted(session: Session, job: string): Promise<void> {
  await session.rows(
    `UPDATE longhaul.streams s SET notes = s.notes || format('%s records of %s were written and stay.', p.records, s.stream)
     FROM (SELECT stream, sum(records) AS records FROM longhaul.positions WHERE job = $1 GROUP BY stream) p
     WHERE s.job = $1 AND s.stream = p.stream AND p.records > 0`,
    [job],
  );
}

export async function addNote(session: Session, job: string, note: string): Promise<void> {
  await session.rows(
    'UPDATE longhaul.jobs SET notes = (notes::jsonb || to_jsonb($2::text))::json WHERE job = $1',
    [job, note],
  );
}

/** The job is over: nobody writes for it any more, and only its name and the notes on its streams stay. */
export async function endJob(session: Session, job: string): Promise<void> {
  await session.rows(
    `INSERT INTO longhaul.jobs AS j (job, ended_at, notes) VALUES ($1, now(), (
       SELECT coalesce(json_agg(note ORDER BY s.stream), '[]') FROM longhaul.streams s, unnest(s.notes) note WHERE s.job = $1))
     ON CONFLICT (job) DO UPDATE SET ended_at = now(), notes = excluded.notes WHERE j.ended_at IS NULL`,
    [job],
  );
  await session.rows('DELETE FROM longhaul.positions WHERE job = $1', [job]);
  await session.rows('DELETE FROM longhaul.streams WHERE job = $1', [job]);
}

/** The notes of a job that has ended; null while it goes on. */
export async function endOf(session: Session, job: string): Promise<string[] | null> {
  const [row] = await session.rows(
    'SELECT notes FROM longhaul.jobs WHERE job = $1 AND ended_at IS NOT NULL',
    [job],
  );
  return row ? (JSON.parse(row[0]!) as string[]) : null;
}

async function lock(session: Session, key: LockKey): Promise<void> {
  await session.rows('SELECT pg_advisory_xact_lock($1::int8)', [key]);
}

function lockKey(...parts: readonly string[]): LockKey {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  return hash.readBigInt64BE().toString();
}

function overtaken(why: string): LonghaulError {
  return new LonghaulError('handover', `this attempt lost its partition: ${why}`);
}
