// What people and circumstances ask of a running job: pause, resume, cancel, wait, another number of lanes or pace. Signal handlers only set state.
import {
  CancellationScope,
  condition,
  log,
  patched,
  setDefaultSignalHandler,
  sleep,
} from '@temporalio/workflow';
import { askLanes, askPace, type Board } from '../core/board.js';
import type { ErrorData } from '../core/errors.js';
import { SIGNALS } from '../core/names.js';
import type { JobChange, Wait } from '../core/work.js';

/** Why the lanes end before everything is done. */
export type Halt =
  | { readonly reason: 'cancelled' }
  | { readonly reason: 'continue' }
  | { readonly reason: 'failed'; readonly error: ErrorData };

export interface Steering {
  readonly halt: Halt | null;
  /** Ends all lanes at their next checkpoint. The first reason stands; a cancel overrides it, for it must not be lost. */
  stop(halt: Halt): void;
  /** Holds all lanes until then, durably; the latest time counts. */
  waitUntil(wait: Wait): void;
  /** Resolves when a chunk may start, or the lanes shall end. */
  clearance(): Promise<void>;
  /** Runs a chunk so that pause, halt and other lanes or another pace cancel it. */
  interruptible<T>(chunk: () => Promise<T>): Promise<T>;
  /** Runs work that is done again whole so that pause and halt cancel it. */
  stoppable<T>(work: () => Promise<T>): Promise<T>;
}

/** `cancelRequested` is Temporal's own request, so that the Web UI's button does what the API does. */
export function createSteering(board: Board, cancelRequested: Promise<never>, changed: () => void): Steering {
  const chunks = new Set<CancellationScope>();
  const wholes = new Set<CancellationScope>();
  let halt: Halt | null = null;
  let timer: CancellationScope | null = null;

  const interrupt = (): void => chunks.forEach((scope) => scope.cancel());
  // Histories of before have pauses that came while a job was sealed and that held nothing up.
  const stopWholes = (): void => wholes.forEach((scope) => patched('seal-stops') && scope.cancel());
  const holdUp = (): void => {
    interrupt();
    stopWholes();
  };

  function stop(reason: Halt): void {
    if (halt && reason.reason !== 'cancelled') return;
    halt = reason;
    timer?.cancel();
    holdUp();
    changed();
  }

  function setPaused(paused: boolean): void {
    board.paused = paused;
    if (paused) holdUp();
    changed();
  }

  function waitUntil(wait: Wait): void {
    if (board.wait && board.wait.until >= wait.until && timer) return;
    board.wait = wait;
    timer?.cancel();
    timer = new CancellationScope();
    void timer.run(() => untilOver(wait)).catch(() => undefined);
    changed();
  }

  async function untilOver(wait: Wait): Promise<void> {
    const until = new Date(wait.until).toISOString();
    await sleep(Math.max(1, wait.until - Date.now()), { summary: `waiting until ${until}: ${wait.reason}` });
    board.wait = null;
    timer = null;
    changed();
  }

  /**
   * Chunks of lanes that are too many end at a checkpoint, and all do for another pace of each; what goes on loses no page
   * by that.
   */
  function change({ lanes, requestsPerSecond }: JobChange): void {
    if (lanes !== undefined) askLanes(board, lanes);
    const paced = requestsPerSecond !== undefined || board.requestsPerSecond !== undefined;
    if (requestsPerSecond !== undefined) askPace(board, requestsPerSecond);
    if (paced || board.running.size > board.lanes) interrupt();
    changed();
  }

  // One handler for all: with one each, signals that came before the first worker would arrive sorted by name.
  setDefaultSignalHandler((name, asked) => {
    if (name === SIGNALS.pause) setPaused(true);
    else if (name === SIGNALS.resume) setPaused(false);
    else if (name === SIGNALS.change && isChange(asked)) change(asked);
    else log.warn('unknown signal', { name });
  });
  cancelRequested.catch(() => stop({ reason: 'cancelled' }));
  if (board.wait) waitUntil(board.wait);

  return {
    get halt() {
      return halt;
    },
    stop,
    waitUntil,
    clearance: () => condition(() => halt !== null || (!board.paused && board.wait === null)),
    interruptible: (chunk) => within(chunks, chunk),
    stoppable: (work) => within(wholes, work),
  };
}

async function within<T>(scopes: Set<CancellationScope>, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  scopes.add(scope);
  try {
    return await scope.run(work);
  } finally {
    scopes.delete(scope);
  }
}

/** Anybody may send a signal with Temporal's own tools. */
function isChange(asked: unknown): asked is JobChange {
  if (typeof asked !== 'object' || asked === null) return false;
  const { lanes, requestsPerSecond: pace } = asked as JobChange;
  if (lanes === undefined && pace === undefined) return false;
  const inLanes = lanes === undefined || (Number.isInteger(lanes) && lanes >= 1);
  return inLanes && (pace === undefined || pace === null || (Number.isFinite(pace) && pace > 0));
}
