// The sink of a comparison: sorted runs of keys and hashes, in chains like those of an archive; sealing merges them.
import { withdrawn, type Folder } from '../archive/claim.js';
import { describe, describedStream } from '../archive/described.js';
import { createFilling } from '../archive/folder-sink.js';
import { ledgerRefSchema, type PartRef } from '../archive/format.js';
import { createPartitionWriter } from '../archive/partition-writer.js';
import { openSegment } from '../archive/segment-writer.js';
import type { Page, Sink, SinkWriter, Target } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { recordsOf } from '../records/cut.js';
import { drafting, type Side } from './entry.js';
import { GIVEN_UP, runPath, RUNS } from './layout.js';
import { sideAndStream } from './names.js';
import { sealComparison } from './seal.js';
import { createSorter } from './sorter.js';

export interface CompareSinkOptions {
  /** Of the job, in the store. */
  readonly folder: string;
  readonly job: string;
}

const FORMAT = 'longhaul-comparison/1';

/** Takes the streams of `createPair`. Beside the errors of its store it throws `chain_broken` and `connection_unsuitable`. */
export function createCompareSink(store: Store, { folder, job }: CompareSinkOptions): Sink {
  const runs: Folder = { store, path: `${folder}/${RUNS}`, job, ending: GIVEN_UP };
  return {
    ...createFilling(runs, {
      claim: { format: FORMAT, id: job, job },
      describe: (stream) => describe(store, runs.path, stream, { ifAbsent: false }),
      open: (target, from) => openWriter(runs, target, from),
    }),
    seal(ctx, { heads, settled }) {
      const ledger = settled === null ? null : ledgerRefSchema.parse(settled);
      return sealComparison(ctx, { runs, folder }, { heads, settled: ledger });
    },
  };
}

async function openWriter(runs: Folder, target: Target, from: PartRef | null): Promise<SinkWriter> {
  const stream = await describedStream(runs.store, runs.path, target.stream);
  if (stream === null) throw withdrawn(runs.path);
  const writer = createPartitionWriter({
    folder: runs,
    target,
    from,
    // Each page that it gets is a run, and ends a segment.
    segmentBytes: 1,
    open: ({ seq, token }) =>
      openSegment(runs.store, runs.path, { seq, path: runPath(target, seq, token) }, 'zstd'),
    listed: async () => new Set(),
  });
  return createRunWriter(writer, sideAndStream(target.stream).side, stream.key);
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
