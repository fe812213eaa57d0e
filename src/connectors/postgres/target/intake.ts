// Takes a partition's pages in, in one transaction: straight into the table, or, where records may be refused one by one,
// in batches that are sifted.
import type { Page, Payload, Reject } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { lengthOf } from '../../../records/chunks.js';
import type { Session } from '../session.js';
import type { Batch, Load } from './load.js';
import { sift } from './sift.js';

export interface Intake {
  write(page: Page): Promise<void>;
  /** Sends what is left; answers all records that were refused since the last time. */
  settle(): Promise<readonly Reject[]>;
  /** Everything taken in is in the table. */
  finish(): Promise<void>;
}

/** The first record that is refused breaks it off. */
export function plainIntake(load: Load): Intake {
  let batch: Batch | null = null;
  let records = 0;
  return {
    async write(page) {
      batch ??= load.begin();
      for (const chunk of page.payload.chunks) await batch.write(chunk);
      records += page.records;
    },
    settle: async () => [],
    finish: async () => batch?.finish(records),
  };
}

/** What is kept until it is sent: small, so that halves are cheap; large, so that a batch costs next to nothing. */
const BATCH_BYTES = 2 * 1_048_576;

export function siftingIntake(session: Session, load: Load): Intake {
  let kept: Page[] = [];
  let bytes = 0;
  let rejects: readonly Reject[] = [];

  async function send(): Promise<void> {
    const [first] = kept;
    if (!first) return;
    const payload: Payload = { ...first.payload, chunks: kept.flatMap((page) => page.payload.chunks) };
    const records = kept.reduce((sum, page) => sum + page.records, 0);
    [kept, bytes] = [[], 0];
    rejects = [...rejects, ...(await sift(session, load, { payload, records }))];
  }

  async function settle(): Promise<readonly Reject[]> {
    await send();
    const refused = rejects;
    rejects = [];
    return refused;
  }

  return {
    async write(page) {
      kept.push(page);
      bytes += lengthOf(page.payload.chunks);
      if (bytes >= BATCH_BYTES) await send();
    },
    settle,
    async finish() {
      if ((await settle()).length > 0)
        throw new LonghaulError('internal', 'records were refused, and nobody asked which');
    },
  };
}
