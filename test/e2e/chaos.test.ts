// A minute of `npm run chaos`: jobs of every kind, while their workers die, fall asleep and wake, what they stand on is killed
// or cut off, disks fill, clocks jump and APIs misbehave. Longer, and with faults of every kind: docs/reliability.md.
import { expect, test } from 'vitest';
import { runChaos } from '../../chaos/run.js';
import type { FaultKind } from '../../chaos/schedule.js';
import { s3Missing } from '../support/s3.js';
import { cannotMount } from '../support/small-disk.js';

const disk: readonly FaultKind[] = (await cannotMount()) === null ? ['disk fills'] : [];
const bucket: readonly FaultKind[] = (await s3Missing()) === null ? ['S3 SIGKILL'] : [];
const KINDS: readonly FaultKind[] = [
  'worker SIGKILL',
  'worker SIGSTOP, SIGCONT',
  'Temporal SIGKILL',
  'PostgreSQL SIGKILL',
  'pause, resume',
  'network cut for long',
  'clock jumps',
  'source: cut off',
  'source: token expired',
  'target: answer lost',
  ...disk,
  ...bucket,
];
/** Each of them once, with or without a disk and a bucket. */
const SEED = 84_372;

test(
  'backups, restores, exports, comparisons and verifies end right under faults of many kinds',
  { timeout: 600_000 },
  async () => {
    const { faults, jobs } = await runChaos({
      seed: SEED,
      records: 8_000,
      rows: 10_000,
      objects: 100,
      ms: 300_000,
      most: KINDS.length,
      pace: 0.4,
      kinds: KINDS,
      say: () => undefined,
    });
    expect(faults.toSorted()).toEqual(KINDS.toSorted());
    expect([...jobs.keys()].toSorted()).toEqual(['backup', 'compare', 'export', 'restore', 'verify']);
  },
);
