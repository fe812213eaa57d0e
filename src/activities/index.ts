// The activities of the worker tier, each a few lines: open the job's two sides, do the work on a lifeline.
import { Context as ActivityContext } from '@temporalio/activity';
import { removeArchive } from '../archive/removal.js';
import { createRejectsLog } from '../archive/rejects.js';
import type { Context } from '../core/connector.js';
import { mostRejects } from '../core/rejects.js';
import { LonghaulError } from '../core/errors.js';
import type { Activities, CopyInput, Heartbeat, JobRef, Removal } from '../core/work.js';
import { createChunk, type RejectsPolicy } from './chunk.js';
import type { ActivityDeps } from './deps.js';
import { handover, toErrorData } from './failures.js';
import { DEFAULT_CHECKPOINT } from './flush-policy.js';
import { createPace } from './pace.js';
import { onLifeline, quietContext, type Lifeline } from './lifeline.js';
import { withJob, type JobFolder, type OpenJob } from './open.js';
import { patiently } from './patience.js';
import { planPage, waitingPage } from './plan.js';
import { storeOf } from './sides/places.js';

export function createActivities(deps: ActivityDeps): Activities {
  const { clock } = deps;

  /** For work that may be repeated whole, as every method of a sink may. `otherwise`: what an error comes to. */
  function onJob<T>(
    job: JobRef,
    work: (open: OpenJob, ctx: Context) => Promise<T>,
    otherwise: (error: unknown) => T = rethrow,
  ): Promise<T> {
    return onLifeline(clock, (line) => {
      const ctx = quietContext(line);
      return patiently(ctx, clock, () => withJob(deps, job, (open) => work(open, ctx))).catch(otherwise);
    });
  }

  return {
    plan: (input) =>
      onJob(
        input.job,
        (open, ctx) => planPage(open, ctx, input),
        (error) => waitingPage(input, error),
      ),
    copy: (input) =>
      onLifeline(clock, (line) => withJob(deps, input.job, (open) => copy(deps, line, open, input))),
    settle: ({ job, heads, settled }) => onJob(job, ({ sink }, ctx) => sink.settle(ctx, heads, settled)),
    seal: ({ job, ...work }) => onJob(job, ({ sink }, ctx) => sink.seal(ctx, work)),
    discard: ({ job }) =>
      onJob(job, async ({ sink, folder }, ctx) => {
        await sink.discard(ctx);
        await folder.store.removeAll(folder.path);
      }),

    removeArchive: ({ connection, path }) =>
      onLifeline(clock, async (line) => {
        const ctx = quietContext(line);
        const remove = async (): Promise<Removal> => {
          await removeArchive(ctx, storeOf(deps.connections(connection)), path);
          return { error: null };
        };
        return patiently(ctx, clock, remove).catch(removalFailed);
      }),

    async checkConnection({ connection }) {
      const signal = AbortSignal.timeout(10_000);
      try {
        const detail = await deps.connections(connection).check(quietContext({ stop: signal, signal }));
        return { connection, ok: true, detail, error: null };
      } catch (error) {
        const data = toErrorData(error);
        return { connection, ok: false, detail: data.message, error: data };
      }
    },
  };
}

function removalFailed(error: unknown): Removal {
  if (error instanceof LonghaulError) return { error: toErrorData(error) };
  throw error;
}

function rethrow(error: unknown): never {
  throw error;
}

async function copy(deps: ActivityDeps, line: Lifeline, { source, sink, folder }: OpenJob, input: CopyInput) {
  const { job, work, requests, requestsPerSecond: pace } = input;
  const activity = ActivityContext.current();
  const beaten = activity.info.heartbeatDetails as Heartbeat | undefined;
  const options = job.spec.kind === 'verify' ? undefined : job.spec.options?.checkpoint;
  const chunk = createChunk({
    source,
    sink,
    work,
    from: beaten?.checkpoint ?? null,
    policy: { ...DEFAULT_CHECKPOINT, ...options },
    requests,
    ...(pace !== undefined && { pace: createPace(pace, deps.clock) }),
    rejects: rejectsOf(input, folder),
    stop: line.stop,
    signal: line.signal,
    clock: deps.clock,
    ...(deps.observe && { observe: deps.observe }),
  });
  line.beat(() => chunk.heartbeat());
  const where = {
    job: job.id,
    stream: work.stream,
    partition: work.partition.id,
    attempt: activity.info.attempt,
  };
  deps.log.info(where, 'chunk begins');
  const result = await chunk.run();
  deps.log.info({ ...where, end: result.end, records: result.checkpoint.tallies.records }, 'chunk ends');
  if (result.end === 'stopped' && line.isHandover()) throw handover(result.checkpoint);
  return result;
}

function rejectsOf({ job: { spec }, rejects }: CopyInput, { store, path }: JobFolder): RejectsPolicy | null {
  const most = mostRejects(spec);
  if (most === 0) return null;
  return { log: createRejectsLog(store, path), allowed: rejects ?? most };
}
