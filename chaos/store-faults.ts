// What is done to the stores that hold archives: a disk that fills, a bucket that throttles, refuses, or is gone for a while.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../test/support/s3-proxy.js';
import type { FaultKind, StoreFault } from './schedule.js';
import type { Stage } from './stage.js';
import { strikes, type Strikes } from './strikes.js';
import type { Watch } from './watch.js';

const GONE_MS = 1_000;

const OF_S3: Partial<Record<FaultKind, Fault['kind']>> = {
  'S3: SlowDown': { type: 'refuse', status: 503, code: 'SlowDown' },
  'S3: 503': { type: 'refuse', status: 503, code: 'ServiceUnavailable' },
  'S3: answer lost': { type: 'lose-answer' },
};

/** Only for a stage that has what they are done to. */
export function storeFaults({ disk, bucket }: Stage, watch: Watch): Record<StoreFault, Strikes> {
  const s3: Strikes = async ({ kind }) => {
    const fault = bucket!.proxy.add(OF_S3[kind]!, () => true);
    await strikes(kind, () => fault.times === 0);
    watch.struck(kind, { restarts: false });
  };
  return {
    'S3: SlowDown': s3,
    'S3: 503': s3,
    'S3: answer lost': s3,
    'S3 SIGKILL': async ({ kind }) => {
      await bucket!.server.kill();
      await pause(GONE_MS);
      await bucket!.server.start();
      watch.struck(kind, { restarts: true });
    },
    /** One at a time. */
    'disk fills': async ({ kind }) => {
      await disk!.emptied();
      const before = disk!.endings();
      await disk!.fill();
      try {
        await strikes(kind, () => disk!.endings() > before);
      } finally {
        await disk!.empty();
      }
      watch.struck(kind, { restarts: true });
    },
  };
}
