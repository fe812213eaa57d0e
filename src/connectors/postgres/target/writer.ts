// Writes one partition: the rows since the last flush and the new position commit together, or neither does.
import type { Page, Payload, SinkWriter } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { headerNames } from '../../../records/csv.js';
import type { Session } from '../session.js';
import { type Batch, type Destination, startBatch } from './batch.js';
import { holdPosition, movePosition, type Hold } from './ledger.js';

export interface WriterDeps {
  /** A transaction of its own that may write. */
  readonly enter: () => Promise<Session>;
  readonly hold: Hold;
  readonly destination: Destination;
  /** Commits of the partition so far. */
  readonly seq: number;
}

interface OpenBatch {
  readonly session: Session;
  readonly header: string;
  readonly rows: Batch;
  records: number;
}

export function createPartitionWriter({ enter, hold, destination, seq }: WriterDeps): SinkWriter {
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
    const header = headerOf(payload);
    if (open?.header === header.toString()) return open;
    if (open)
      throw new LonghaulError('archive_damaged', `stream ${hold.target.stream} changes its columns within`);
    const own = await begin();
    const rows = await startBatch(own, destination, headerNames(header));
    return (open = { session: own, header: header.toString(), rows, records: 0 });
  }

  async function write({ payload, records }: Page): Promise<void> {
    if (records === 0) return;
    const batch = await batchFor(payload);
    for (const chunk of payload.chunks) await batch.rows.write(chunk);
    batch.records += records;
  }

  return {
    write,
    async flush(breadcrumb) {
      const own = open?.session ?? (await begin());
      await open?.rows.finish(open.records);
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

function headerOf(payload: Payload): Buffer {
  if (payload.format === 'csv') return Buffer.from(payload.header);
  throw new LonghaulError('internal', 'pages of tables are CSV');
}
