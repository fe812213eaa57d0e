// Exports in this process, by the engine's own plan and chunk, for tests that need no Temporal.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withColumns } from '../../src/activities/columns.js';
import type { CheckpointPolicy } from '../../src/activities/flush-policy.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import type { SealSummary, Source } from '../../src/core/connector.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { Export, ExportedAs } from '../../src/export/format.js';
import { createExportSink } from '../../src/export/sink.js';
import { storeIn } from './archives.js';
import { readExportFolder, type ReadExport } from './export-reader.js';
import { runWhole } from './restoring.js';

export interface Exported extends ReadExport {
  readonly folder: string;
  readonly summary: SealSummary;
  dispose(): Promise<void>;
}

export interface Exporting {
  readonly source: Source;
  readonly as: ExportedAs;
  readonly streams?: readonly string[];
  readonly fileBytes?: number;
  readonly policy?: Partial<CheckpointPolicy>;
}

/** Everything that the source has, read back and held against its hashes. */
export async function exportOf(exporting: Exporting): Promise<Exported> {
  const { source, as, streams, fileBytes = null, policy = { pages: 2 } } = exporting;
  const root = await mkdtemp(path.join(tmpdir(), 'exporting-'));
  const sink = createExportSink(storeIn(root), {
    path: 'e-1',
    id: 'e-1',
    jobId: 'job-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    as,
    source: ABOUT,
    fileBytes,
  });
  const open = { source: as.format === 'jsonl' ? source : withColumns(source), sink, limits: {} };
  const summary = await runWhole(open, specOf(as, streams), policy);
  const folder = path.join(root, 'e-1');
  const dispose = (): Promise<void> => rm(root, { recursive: true, force: true });
  return { ...(await readExportFolder(folder)), folder, summary, dispose };
}

export function sourceOf(url: string, pageSize = 500): Source {
  return createPostgresConnection('main', { type: 'postgres', url }).source!({ pageSize });
}

const ABOUT: Export['source'] = { connection: 'main', type: 'postgres' };

function specOf({ format }: ExportedAs, streams?: readonly string[]): JobSpec {
  return {
    kind: 'export',
    source: { connection: 'main', ...(streams && { streams: [...streams] }) },
    sink: { connection: 'vault' },
    options: { format },
  };
}
