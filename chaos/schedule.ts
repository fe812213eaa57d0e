// Which faults strike, in which order, how long each lasts and what lies between them: all of it follows from the seed.
import { createRandom, type Random } from './random.js';

/** Of processes and the network, and how long they last. The heartbeat timeout is 5 s: a stopped worker sleeps past it. */
const PROCESS_MS = {
  'worker SIGKILL': [0, 0],
  'all workers SIGKILL': [0, 0],
  'worker SIGTERM': [0, 0],
  'worker SIGSTOP, SIGCONT': [6_500, 10_000],
  'Temporal SIGKILL': [0, 0],
  'API SIGKILL': [0, 0],
  'PostgreSQL SIGKILL': [200, 1_500],
  'pause, resume': [300, 2_500],
  'lanes changed': [0, 0],
  'network cut shortly': [500, 2_500],
  'network cut for long': [6_500, 9_000],
  'clock jumps': [2_000, 6_000],
} as const;

/** Of the disk and the bucket that hold archives. */
export const STORE_FAULTS = [
  'disk fills',
  'S3 SIGKILL',
  'S3: SlowDown',
  'S3: 503',
  'S3: answer lost',
] as const;

/** Of the API that is read. */
export const SOURCE_FAULTS = [
  'source: reset',
  'source: silent',
  'source: silent within',
  'source: slow',
  'source: cut off',
  'source: cut off, chunked',
  'source: 429',
  'source: 500',
  'source: 503',
  'source: HTML',
  'source: invalid JSON',
  'source: no records',
  'source: token expired',
] as const;

/** Of the API that is written to. */
export const TARGET_FAULTS = ['target: answer lost', 'target: reset', 'target: 503'] as const;

export const PROCESS_FAULTS = Object.keys(PROCESS_MS) as ProcessFault[];
export type ProcessFault = keyof typeof PROCESS_MS;
export type SourceFault = (typeof SOURCE_FAULTS)[number];
export type TargetFault = (typeof TARGET_FAULTS)[number];
export type StoreFault = (typeof STORE_FAULTS)[number];
export type FaultKind = ProcessFault | StoreFault | SourceFault | TargetFault;
export const FAULTS: readonly FaultKind[] = [
  ...PROCESS_FAULTS,
  ...STORE_FAULTS,
  ...SOURCE_FAULTS,
  ...TARGET_FAULTS,
];

export interface Strike {
  readonly kind: FaultKind;
  /** From the strike before it. */
  readonly afterMs: number;
  /** How long a fault lasts that has a length. */
  readonly lastsMs: number;
  /** Chooses among the victims that are there: 0 up to 1. */
  readonly victim: number;
}

/** Without end. Every kind comes before one comes again, and processes are struck twice as often. */
export function* schedule(seed: number, kinds: readonly FaultKind[] = FAULTS): Generator<Strike> {
  const random = createRandom(seed);
  const all = [...kinds, ...kinds.filter(isOfProcess)];
  for (;;) for (const kind of random.shuffled(all)) yield strikeOf(kind, random);
}

function isOfProcess(kind: FaultKind): kind is ProcessFault {
  return kind in PROCESS_MS;
}

export const isKill = (kind: FaultKind): boolean => /SIG(KILL|TERM)$/.test(kind);

/** One in four comes at once, into the midst of what the one before it has done. */
function strikeOf(kind: FaultKind, random: Random): Strike {
  const afterMs = random.next() < 0.25 ? random.whole(0, 1_000) : random.whole(2_000, 9_000);
  const [least, most] = isOfProcess(kind) ? PROCESS_MS[kind] : [0, 0];
  return { kind, afterMs, lastsMs: random.whole(least, most), victim: random.next() };
}
