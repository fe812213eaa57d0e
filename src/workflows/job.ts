// One job, whatever its kind: plan, lanes, seal; and the three ways it ends otherwise.
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import { carry, isAllDone, openBoard } from '../core/board.js';
import type { Differences, SealSummary } from '../core/connector.js';
import { ERRORS, type ErrorData } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { JobInput, JobRef, ScheduledInput } from '../core/work.js';
import { reportOf } from '../core/report.js';
import * as activities from './activities.js';
import { createDisplay, type Display } from './display.js';
import { readEnding } from './failures.js';
import { runLanes } from './lanes.js';
import { createSteering, type Halt, type Steering } from './steering.js';

/** The workflow types of jobs: they differ in what the worker opens for source and sink. */
export function runJob(input: JobInput | ScheduledInput): Promise<SealSummary> {
  const { cancelRequested } = CancellationScope.current();
  // Shielded from Temporal's cancel request: chunks must be able to flush, and the archive to be cleared away.
  return CancellationScope.nonCancellable(() => run({ ...input, job: refOf(input) }, cancelRequested));
}

/** A schedule starts all its jobs with the same input: what tells them apart is how Temporal named and when it started them. */
function refOf({ job }: JobInput | ScheduledInput): JobRef {
  if ('id' in job) return job;
  const { workflowId, startTime } = workflowInfo();
  return { ...job, id: workflowId, createdAt: startTime.toISOString() };
}

async function run(input: JobInput, cancelRequested: Promise<never>): Promise<SealSummary> {
  const board = openBoard(workflowInfo().startTime.toISOString(), input.resume);
  const display: Display = createDisplay(board, () => steering);
  const steering: Steering = createSteering(board, cancelRequested, display.changed);
  return main();

  async function main(): Promise<SealSummary> {
    const { job } = input;
    await runLanes({ job, board, steering, changed: display.changed });
    const summary = await sealed();
    const wrong = verdict(summary);
    if (wrong) return fail(wrong, summary);
    display.end('completed', { result: summary });
    return summary;
  }

  /** As often as it is paused: a seal can be done again whole. */
  async function sealed(): Promise<SealSummary> {
    for (;;) {
      await steering.clearance();
      if (steering.halt) return ended(steering.halt);
      try {
        return await steering.stoppable(seal);
      } catch (thrown) {
        // Without an error it was interrupted: by a pause or cancel, whether its worker heard of that or was lost meanwhile.
        const { error } = readEnding(thrown);
        if (error) return fail(error);
      }
    }
  }

  function seal(): Promise<SealSummary> {
    const { job } = input;
    const { heads, settled } = board;
    const report = reportOf(job, display.memo('completed'), Date.now());
    const sealing = { job, heads, settled, report: report as unknown as JsonObject };
    return activities.seal.executeWithOptions({ summary: 'sealing' }, [sealing]);
  }

  async function ended(halt: Halt): Promise<never> {
    if (halt.reason === 'continue')
      return continueAsNew<typeof runJob>({ job: input.job, resume: carry(board) });
    if (halt.reason === 'failed') return fail(halt.error);
    display.end('cancelled', await cleared());
    throw new CancelledFailure('cancelled');
  }

  /** A cancelled job is over, even where its sink does not let go of what was written: the error says what is left. */
  async function cleared(): Promise<{ error?: ErrorData }> {
    try {
      const summary = 'removing what was written';
      await activities.discard.executeWithOptions({ summary }, [{ job: input.job }]);
      return {};
    } catch (thrown) {
      return { error: readEnding(thrown).error ?? lost };
    }
  }

  /** A failed job keeps its whole state in its failure: a retry starts from there. A verify job is done again from the start. */
  function fail(error: ErrorData, result?: SealSummary): never {
    const state = isAllDone(board) && result ? null : carry({ ...board, paused: false });
    display.end('failed', { error, ...(result ? { result } : {}) });
    const { code, message } = error;
    throw ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [{ error, state }] });
  }
}

const lost: ErrorData = { code: 'internal', message: 'Sealing was interrupted.', hint: ERRORS.internal.hint };

/** Of what a verify job found; null: nothing to complain of. */
function verdict(summary: SealSummary): ErrorData | null {
  if (summary.findingsTotal) return damage(summary);
  return summary.differences ? difference(summary.differences) : null;
}

function difference({ same, added, removed, changed, duplicates }: Differences): ErrorData | null {
  if (added + removed + changed + duplicates === 0) return null;
  const twice =
    duplicates > 0 ? [`${duplicates} ${duplicates === 1 ? 'key comes' : 'keys come'} more than once`] : [];
  const found = [`${added} added`, `${removed} removed`, `${changed} changed`, ...twice].join(', ');
  const message = `Against the archive: ${found}; ${same} ${same === 1 ? 'record is' : 'records are'} the same`;
  return { code: 'archive_differs', message, hint: ERRORS.archive_differs.hint };
}

/** Of what a sample left unread nobody can say that it is intact. */
const UNREAD_HINT =
  'Verify the whole archive: only a sample was read. Then bring what is damaged back from a copy, or make a new backup.';

function damage({ findings = [], findingsTotal = 0, sample }: SealSummary): ErrorData {
  const named = findings.slice(0, 3).map(({ path, problem }) => `${path} is ${problem}`);
  const more = findingsTotal > named.length ? ` and ${findingsTotal - named.length} more` : '';
  const message = `${findingsTotal} ${findingsTotal === 1 ? 'object is' : 'objects are'} not as the archive says: ${named.join(', ')}${more}`;
  return { code: 'archive_damaged', message, hint: sample ? UNREAD_HINT : ERRORS.archive_damaged.hint };
}
