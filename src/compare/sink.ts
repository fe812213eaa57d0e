// The sink of a comparison: sorted runs of keys and hashes, in chains like those of an archive; sealing merges them.
import { withdrawn } from '../archive/claim.js';
import { ledgerRefSchema, streamSchema } from '../archive/format.js';
import { folderName, STREAMS } from '../archive/layout.js';
import { decodeJson, readIfThere } from '../archive/objects.js';
import { createArchiveSink } from '../archive/sink.js';
import type { Page, Sink, SinkWriter } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { recordsOf } from '../records/cut.js';
import { drafting, type Side } from './entry.js';
import { RUNS } from './layout.js';
import { sideAndStream } from './names.js';
import { sealComparison } from './seal.js';
import { createSorter } from './sorter.js';

export interface CompareSinkOptions {
  /** Of the job, in the store. */
  readonly folder: string;
  readonly job: string;
  /** ISO time of the job's request. */
  readonly createdAt: string;
  readonly source: { readonly connection: string; readonly type: string };
}

/** Takes the streams of `createPair`. Beside the errors of its store it throws `chain_broken` and `connection_unsuitable`. */
export function createCompareSink(
  store: Store,
  { folder, job, createdAt, source }: CompareSinkOptions,
): Sink {
  const path = `${folder}/${RUNS}`;
  // Each page that it gets is a run, and ends a segment.
  const runs = createArchiveSink(store, {
    path,
    archiveId: job,
    jobId: job,
    createdAt,
    compression: 'zstd',
    source,
    segmentBytes: 1,
    holds: 'run',
  });
  return {
    ...runs,
    async open(ctx, target, state) {
      const key = await keyOf(store, path, target.stream);
      return createRunWriter(await runs.open(ctx, target, state), sideAndStream(target.stream).side, key);
    },
    seal(ctx, { heads, settled }) {
      const ledger = settled === null ? null : ledgerRefSchema.parse(settled);
      return sealComparison(ctx, { store, folder, job }, { heads, settled: ledger });
    },
  };
}

async function keyOf(store: Store, runs: string, stream: string): Promise<readonly string[]> {
  const path = `${runs}/${STREAMS}/${folderName(stream)}.json`;
  const bytes = await readIfThere(store, path);
  if (bytes === null) throw withdrawn(runs);
  return decodeJson(bytes, streamSchema, 'chain_broken', path).key;
}

function createRunWriter(runs: SinkWriter, side: Side, key: readonly string[]): SinkWriter {
  const sorter = createSorter();

  async function endRun(): Promise<void> {
    const records = sorter.count;
    if (records === 0) return;
    await runs.write({ payload: { format: 'jsonl', chunks: [sorter.take()] }, records, next: null });
  }

  async function write({ payload, records }: Page): Promise<void> {
    if (records === 0) return;
    const draft = drafting(payload, key);
    for (const record of recordsOf(payload)) {
      sorter.add(draft(record), side);
      if (sorter.isFull()) await endRun();
    }
  }

  return {
    write,
    async flush(breadcrumb) {
      await endRun();
      return runs.flush(breadcrumb);
    },
    abort: () => runs.abort(),
  };
}
