// The names that the API, the workflows and the worker share.

export const TASK_QUEUE = 'longhaul';

/**
 * How every workflow is started: a worker that has taken a step of it and does not answer for so long is taken for dead, as
 * one without heartbeats is.
 */
export const BY_WORKERS = { taskQueue: TASK_QUEUE, workflowTaskTimeout: '5s' } as const;

/** `change` comes with a `JobChange`. */
export const SIGNALS = { pause: 'pause', resume: 'resume', change: 'change' } as const;

/** Keyword search attributes, declared in temporal-dev.yml. */
export const SEARCH_ATTRIBUTES = {
  kind: 'JobKind',
  state: 'JobState',
  source: 'JobSource',
  sink: 'JobSink',
  tenant: 'JobTenant',
} as const;

/** The schedule that started a job: Temporal's own search attribute, which no cluster has to be told of. */
export const SCHEDULED_BY = 'TemporalScheduledById';

/** Memo keys. `request` is set by the API at the start, `job` by the workflow as it goes. */
export const MEMO = { request: 'request', job: 'job' } as const;

/** Workflow types, as the Web UI shows them. */
export const WORKFLOWS = {
  backup: 'backup',
  verify: 'verify',
  restore: 'restore',
  export: 'export',
  copy: 'copy',
  checkConnection: 'checkConnection',
  removeArchive: 'removeArchive',
} as const;

/** Those of them that are jobs. */
export const JOB_WORKFLOWS: readonly string[] = [
  WORKFLOWS.backup,
  WORKFLOWS.verify,
  WORKFLOWS.restore,
  WORKFLOWS.export,
  WORKFLOWS.copy,
];
