// Writes one partition: the rows since the last flush and the new position commit together, or neither does.
import type { Page, Payload, SinkWriter } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { headerNames } from '../../../records/csv.js';
import type { Session } from '../session.js';
import { plainIntake, siftingIntake, type Intake } from './intake.js';
import { holdPosition, movePosition, type Hold } from './ledger.js';
import type { Destination } from './destination.js';
import { createLoad } from './load.js';

export interface WriterDeps {
  /** A transaction of its own that may write. */
  readonly enter: () => Promise<Session>;
  readonly hold: Hold;
  readonly destination: Destination;
  /** Commits of the partition so far. */
  readonly seq: number;
  /** Records may be refused one by one. */
  readonly rejects: boolean;
}

interface OpenBatch {
  readonly session: Session;
  readonly header: string;
  readonly intake: Intake;
}

export function createPartitionWriter({ enter, hold, destination, seq, rejects }: WriterDeps): SinkWriter {
  let commits = seq;
  let open: OpenBatch | null = null;
  let session: Session | null = null;

  async function begin(): Promise<Session> {
    const own = await enter();
    session = own;
    await holdPosition(own, hold).catch((error: unknown) => {
      own.close(); // the lock would keep the one that took over waiting
      throw error;
    });
    return own;
  }

  async function batchFor(payload: Payload): Promise<OpenBatch> {
    const header = headerOf(payload, destination.objects);
    if (open?.header === header.toString()) return open;
    if (open)
      throw new LonghaulError('archive_damaged', `stream ${hold.target.stream} changes its columns within`);
    const own = await begin();
    // what a constraint refuses is told with its batch, not at the commit of many
    await own.rows('SET CONSTRAINTS ALL IMMEDIATE');
    const load = await createLoad(own, destination, headerNames(header));
    const intake = rejects ? siftingIntake(own, load) : plainIntake(load);
    return (open = { session: own, header: header.toString(), intake });
  }

  return {
    async write(page: Page) {
      if (page.records > 0) await (await batchFor(page.payload)).intake.write(page);
    },
    settle: async () => (await open?.intake.settle()) ?? [],
    async flush(breadcrumb) {
      const own = open?.session ?? (await begin());
      await open?.intake.finish();
      const state = await movePosition(own, hold, breadcrumb, commits);
      await own.end();
      open = session = null;
      commits = state.seq;
      return state;
    },
    async abort() {
      session?.close();
      open = session = null;
    },
  };
}

function headerOf(payload: Payload, objects: boolean): Buffer {
  if (objects !== (payload.format === 'jsonl'))
    throw new LonghaulError('internal', `pages in ${payload.format} were not announced`);
  return payload.format === 'csv' ? Buffer.from(payload.header) : Buffer.alloc(0);
}
