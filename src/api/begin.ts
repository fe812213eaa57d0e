// Starts the workflow of a job so that it can be found, filtered and read in Temporal's Web UI.
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import { archivePath } from '../core/archive-path.js';
import { BY_WORKERS, MEMO, SCHEDULED_BY, SEARCH_ATTRIBUTES } from '../core/names.js';
import { shareOf } from '../core/sample.js';
import type { JobSpec, VerifySpec } from '../core/spec.js';
import type { CarriedState, JobMemo, JobRef, RequestMemo } from '../core/work.js';

export interface Beginning {
  readonly id: string;
  readonly request: RequestMemo;
  /** Of a retry: the failed run, what it left to go on from, and what was shown of it. */
  readonly after?: {
    readonly runId: string;
    readonly resume: CarriedState | null;
    readonly shown: JobMemo | null;
  };
}

/** Memo key of a retry: the run that failed. By it a repeated call is told from one that comes too early. */
export const RETRY_OF = 'retryOf';

/** No time limit of Temporal is set on the whole: a job may take weeks. Throws `WorkflowExecutionAlreadyStartedError`. */
export async function begin(client: Client, beginning: Beginning): Promise<void> {
  const { id, request, after } = beginning;
  const { spec, createdAt, schedule } = request;
  const job: JobRef = { id, spec, createdAt, ...(schedule !== undefined && { schedule }) };
  await client.workflow.start(spec.kind, {
    workflowId: id,
    ...BY_WORKERS,
    workflowIdReusePolicy: after ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    args: [{ job, ...(after?.resume && { resume: after.resume }) }],
    memo: memoOf(beginning),
    typedSearchAttributes: searchAttributesOf(spec, schedule),
    ...shownOf(id, spec),
  });
}

/** A retry shows what the failed run had done until a worker takes it. */
function memoOf({ request, after }: Beginning): NonNullable<WorkflowStartOptions['memo']> {
  const job = after?.shown && { ...after.shown, state: 'queued', error: null, result: null };
  return {
    [MEMO.request]: request,
    ...(job && { [MEMO.job]: job }),
    ...(after && { [RETRY_OF]: after.runId }),
  };
}

/** `schedule`: of a retry; Temporal itself says so of what it starts. */
export function searchAttributesOf(spec: JobSpec, schedule?: string): SearchAttributePair[] {
  const values = [
    [SEARCH_ATTRIBUTES.kind, spec.kind],
    [SEARCH_ATTRIBUTES.state, 'queued'],
    [SEARCH_ATTRIBUTES.source, spec.source.connection],
    [SEARCH_ATTRIBUTES.sink, spec.kind === 'verify' ? undefined : spec.sink.connection],
    [SEARCH_ATTRIBUTES.tenant, spec.options?.tenant],
    [SCHEDULED_BY, schedule],
  ] as const;
  return values.flatMap(([name, value]) =>
    value === undefined ? [] : [{ key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value }],
  );
}

/** What the Web UI shows of it before it runs. */
export function shownOf(id: string, spec: JobSpec): { staticSummary: string; staticDetails: string } {
  return { staticSummary: summaryOf(id, spec), staticDetails: detailsOf(id, spec) };
}

/** Temporal takes 400 bytes of summary and 20,000 of details. */
const SUMMARY_LENGTH = 380;
const STREAMS_NAMED = 20;

function summaryOf(id: string, spec: JobSpec): string {
  return wayOf(id, spec).slice(0, SUMMARY_LENGTH);
}

/** `crm → vault/nightly/backup-crm-…`, `verify vault/nightly/… against main`, `verify vault/nightly/…, a sample of 10%`, `vault/nightly/… → main` */
function wayOf(id: string, spec: JobSpec): string {
  if (spec.kind === 'copy') return `${spec.source.connection} → ${spec.sink.connection}`;
  const archive = archivePath(id, spec);
  switch (spec.kind) {
    case 'backup':
      return `${spec.source.connection} → ${spec.sink.connection}/${archive}`;
    case 'verify':
      return `verify ${spec.source.connection}/${archive}${againstOf(spec)}${sampleOf(spec)}`;
    case 'restore':
      return `${spec.source.connection}/${archive} → ${spec.sink.connection}`;
    case 'export':
      return `${spec.source.connection}${spec.source.archive ? `/${spec.source.archive}` : ''} → ${spec.sink.connection}/${archive}`;
  }
}

function againstOf({ options }: VerifySpec): string {
  if (!options?.against) return '';
  const { connection, archive } = options.against;
  return ` against ${connection}${archive === undefined ? '' : `/${archive}`}`;
}

function sampleOf({ options: { sample } = {} }: VerifySpec): string {
  return shareOf(sample) === null ? '' : `, a sample of ${sample}`;
}

/** Markdown. */
function detailsOf(id: string, spec: JobSpec): string {
  const streams = spec.source.streams ?? [];
  const more = streams.length > STREAMS_NAMED ? ` and ${streams.length - STREAMS_NAMED} more` : '';
  const named = streams.slice(0, STREAMS_NAMED).join(', ') || 'all';
  return `${summaryOf(id, spec)}\n\nStreams: ${named}${more}`;
}
