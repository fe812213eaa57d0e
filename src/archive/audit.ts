// The sink of a verify job: it writes nothing, and keeps what the checks found.
import { z } from 'zod';
import type { Extent, Head, Page, Sink, SinkWriter } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { Store } from '../core/store.js';
import { sealAudit, type AuditScope } from './audit-seal.js';
import { addFindings, findingsSchema, NO_FINDINGS, type Findings, type Limit } from './findings.js';
import { NONE, plus } from './sample.js';

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
interface State extends Findings, Extent {}

const NOTHING: State = { ...NO_FINDINGS, ...NONE };

/**
 * Takes the pages of `createArchiveSource(…, { onDamage: 'report' })`. `seal` looks for what the manifest does not list
 * and returns all findings; it throws `archive_damaged` only where the archive changed while it was verified.
 */
export function createAuditSink(store: Store, path: string, scope: AuditScope = {}): Sink {
  return {
    begin: async () => undefined,
    open: async (_ctx, _target, state) => createAuditWriter(stateOf(state)),
    settle: async (_ctx, heads, settled) => jsonOf(fold(heads, settled, SETTLED)),
    seal: async (ctx, { heads, settled }) =>
      sealAudit(ctx, { store, path, scope, limit: SHOWN }, fold(heads, settled, SHOWN)),
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
  return { ...addFindings(a, b.findings, limit, b.findingsTotal), ...plus(a, b) };
}

const stateOf = (json: Json | null): State => (json === null ? NOTHING : stateSchema.parse(json));
const jsonOf = (state: State): Json => ({
  ...state,
  findings: state.findings.map((finding) => ({ ...finding })),
});
