// A minute of `npm run chaos`: jobs of every kind, while their workers die, fall asleep and wake, Temporal, the API and the
// database are killed, and the APIs misbehave. Longer, and with faults of every kind: docs/reliability.md.
import { expect, test } from 'vitest';
import { runChaos } from '../../chaos/run.js';
import type { FaultKind } from '../../chaos/schedule.js';

const KINDS: readonly FaultKind[] = [
  'worker SIGKILL',
  'worker SIGSTOP, SIGCONT',
  'Temporal SIGKILL',
  'PostgreSQL SIGKILL',
  'pause, resume',
  'source: cut off',
  'source: token expired',
  'target: answer lost',
];
/** Each of them once. */
const SEED = 7;

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
