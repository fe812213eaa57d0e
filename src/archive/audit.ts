// The sink of a verify job: it writes nothing, and keeps what the checks found.
import { z } from 'zod';
import type { Context, Finding, Head, Page, SealSummary, Sink, SinkWriter } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { Store } from '../core/store.js';
import { addFindings, findingsSchema, NO_FINDINGS, type Findings, type Limit } from './findings.js';
import { readManifest } from './manifest.js';
import type { Manifest, ManifestStream } from './format.js';
import { readIfThere, sha256 } from './objects.js';
import { unlisted } from './unlisted.js';

/** What a writer's state may hold, what the workflow may carry, and what a summary may show. */
const IN_STATE: Limit = { findings: 20, chars: 3_500 };
const SETTLED: Limit = { findings: 100, chars: 16_384 };
const SHOWN: Limit = { findings: 100, chars: 24_576 };

const count = z.number().int().min(0);
const stateSchema = findingsSchema.extend({
  records: count,
  bytes: count,
  storedBytes: count,
  segments: count,
});

/** Sums are of intact segments. */
interface State extends Findings {
  readonly records: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly segments: number;
}

const NOTHING: State = { ...NO_FINDINGS, records: 0, bytes: 0, storedBytes: 0, segments: 0 };

/** What of the archive was to be read. */
export interface AuditScope {
  /** Names; absent: all. */
  readonly streams?: readonly string[] | undefined;
}

interface Audited {
  readonly store: Store;
  readonly path: string;
  readonly scope: AuditScope;
}

/**
 * Takes the pages of `createArchiveSource(…, { onDamage: 'report' })`. `seal` looks for what the manifest does not list
 * and returns all findings; it throws `archive_damaged` only where the archive changed while it was verified.
 */
export function createAuditSink(store: Store, path: string, scope: AuditScope = {}): Sink {
  return {
    begin: async () => undefined,
    open: async (_ctx, _target, state) => createAuditWriter(stateOf(state)),
    settle: async (_ctx, heads, settled) => jsonOf(fold(heads, settled, SETTLED)),
    seal: async (ctx, { heads, settled }) => seal(ctx, { store, path, scope }, fold(heads, settled, SHOWN)),
    discard: async () => undefined,
    close: () => store.close(),
  };
}

function createAuditWriter(from: State): SinkWriter {
  let state = from;
  return {
    write: async (page) => {
      state = take(state, page);
    },
    flush: async () => jsonOf(state),
    abort: async () => undefined,
  };
}

function take(state: State, { audit, records }: Page): State {
  if (!audit) throw new LonghaulError('internal', 'A verify job got a page without an audit.');
  return merge(state, { ...audit, records, findingsTotal: audit.findings.length }, IN_STATE);
}

function fold(heads: readonly Head[], settled: Json | null, limit: Limit): State {
  return heads.reduce((sum, head) => merge(sum, stateOf(head.state), limit), stateOf(settled));
}

function merge(a: State, b: State, limit: Limit): State {
  return {
    ...addFindings(a, b.findings, limit, b.findingsTotal),
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    storedBytes: a.storedBytes + b.storedBytes,
    segments: a.segments + b.segments,
  };
}

async function seal(ctx: Context, { store, path, scope }: Audited, state: State): Promise<SealSummary> {
  const manifest = await readManifest(store, path);
  const toRead = streamsOf(manifest, scope).reduce((sum, { segments }) => sum + segments, 0);
  if (state.segments + state.findingsTotal !== toRead) {
    throw new LonghaulError('archive_damaged', `${path} changed while it was verified.`, {
      hint: 'Find out who writes into the archive, then verify it again.',
    });
  }
  const reported = addFindings(state, await checkReport(store, path, manifest), SHOWN);
  const surplus = await findSurplus(ctx, store, path, manifest);
  const { records, bytes, storedBytes, segments } = state;
  return {
    records,
    bytes,
    storedBytes,
    segments,
    ...addFindings(reported, surplus.findings, SHOWN, surplus.findingsTotal),
  };
}

function streamsOf({ streams }: Manifest, { streams: names }: AuditScope): readonly ManifestStream[] {
  if (!names) return streams;
  const asked = new Set(names);
  return streams.filter(({ name }) => asked.has(name));
}

async function findSurplus(ctx: Context, store: Store, path: string, manifest: Manifest): Promise<Findings> {
  const findings: Finding[] = [];
  let findingsTotal = 0;
  for await (const object of unlisted(store, path, manifest)) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    findingsTotal += 1;
    if (findings.length === SHOWN.findings) continue;
    findings.push({ path: object.path, problem: 'surplus', detail: 'the manifest does not list it' });
  }
  return { findings, findingsTotal };
}

async function checkReport(store: Store, archive: string, { report }: Manifest): Promise<Finding[]> {
  const path = `${archive}/${report.path}`;
  const bytes = await readIfThere(store, path);
  if (bytes === null) return [{ path, problem: 'missing', detail: 'it is not in the store' }];
  if (sha256(bytes) === report.sha256) return [];
  return [{ path, problem: 'damaged', detail: 'its sha256 is not the one in the manifest' }];
}

const stateOf = (json: Json | null): State => (json === null ? NOTHING : stateSchema.parse(json));
const jsonOf = (state: State): Json => ({
  ...state,
  findings: state.findings.map((finding) => ({ ...finding })),
});
