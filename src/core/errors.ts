// Every error Longhaul names: one table, one class. A code states the reaction it needs, so nobody matches strings.

/**
 * How the engine reacts:
 * - `transient`: try again soon, a bounded number of times in a row;
 * - `throttled`: the source said when to come back (`until`);
 * - `unauthorized`: refresh the credential once, then give up;
 * - `permanent`: trying again cannot help; the job fails and can be retried by a person;
 * - `reject`: this record only; the rest goes on.
 */
export type Reaction = 'transient' | 'throttled' | 'unauthorized' | 'permanent' | 'reject';

interface ErrorRow {
  readonly reaction: Reaction;
  /** Attempts in a row without progress before a `transient` error ends the job. */
  readonly attempts?: number;
  /** What the reader can do about it, unless the thrower knows better. */
  readonly hint: string;
}

const rows = {
  // what the operator wrote
  config_invalid: { reaction: 'permanent', hint: 'Correct longhaul.config.yml as the message says.' },
  spec_invalid: { reaction: 'permanent', hint: 'Correct the fields that the message names.' },
  connection_unknown: {
    reaction: 'permanent',
    hint: 'Use a connection named in longhaul.config.yml: `longhaul connections` lists them.',
  },
  connection_unsuitable: {
    reaction: 'permanent',
    hint: 'Use a connection of a type that can do this: `longhaul connections` lists them.',
  },
  stream_unknown: {
    reaction: 'permanent',
    hint: 'Use a stream the source has; leave `streams` out to take all.',
  },

  // bases of incremental backups
  base_unsuitable: {
    reaction: 'permanent',
    hint: 'Leave `options.base` out for a full backup; the next one can take that for its base.',
  },
  archive_needed: {
    reaction: 'permanent',
    hint: 'Remove what refers to the archive first, or wait for the job that uses it.',
  },

  // sources
  source_unreachable: {
    reaction: 'transient',
    attempts: 8,
    hint: 'Check host, port, DNS and firewall of the connection: `longhaul connections check NAME`.',
  },
  source_timeout: {
    reaction: 'transient',
    attempts: 8,
    hint: 'The source answers too slowly: use a smaller page size or a longer `timeoutSeconds`.',
  },
  source_unavailable: {
    reaction: 'transient',
    attempts: 8,
    hint: 'The source answers with server errors. Retry the job when it works again; finished work is kept.',
  },
  source_throttled: {
    reaction: 'throttled',
    hint: 'The source limits the request rate; lower `limits.requestsPerSecond` if this comes often.',
  },
  quota_spent: {
    reaction: 'throttled',
    hint: 'The request quota is spent; the job goes on by itself when it renews.',
  },
  window_closed: {
    reaction: 'throttled',
    hint: 'The connection is used in the hours of its `limits.window` only; the job goes on by itself when they begin.',
  },
  unauthorized: {
    reaction: 'unauthorized',
    hint: 'Renew the credential of the connection, restart the worker if it came from the environment, then retry the job.',
  },
  source_forbidden: { reaction: 'permanent', hint: 'Give the credential permission to read this stream.' },
  source_not_found: { reaction: 'permanent', hint: 'Check baseUrl and path of the stream.' },
  source_refused: {
    reaction: 'permanent',
    hint: 'The source refuses the request as it is: check path, parameters and page size of the stream.',
  },
  response_not_json: {
    reaction: 'transient',
    attempts: 4,
    hint: 'The source answers something other than JSON: check baseUrl, path and whether a login page or proxy answers instead.',
  },
  response_invalid: {
    reaction: 'transient',
    attempts: 4,
    hint: 'The source answers broken or truncated JSON: try a smaller page size.',
  },
  records_missing: {
    reaction: 'transient',
    attempts: 4,
    hint: 'Set `records` of the stream to the place of the array in the answer.',
  },
  cursor_repeated: {
    reaction: 'permanent',
    hint: 'The source gave a cursor that it had given before: check the paginator of the stream.',
  },
  database_error: { reaction: 'permanent', hint: 'The database refuses the query; its message says why.' },
  table_missing: {
    reaction: 'permanent',
    hint: 'The table is gone or renamed. Take it out of the streams, or bring it back and retry the job.',
  },
  table_changed: { reaction: 'permanent', hint: 'Columns changed while the job ran. Start a new backup.' },
  key_missing: {
    reaction: 'permanent',
    hint: 'Add a primary key, or leave this relation out of the streams.',
  },
  table_unfit: {
    reaction: 'permanent',
    hint: 'Change the table as the message says, leave the stream out, or restore with `create` where the table is not.',
  },
  restore_conflict: {
    reaction: 'permanent',
    hint: 'Records with the same key are there already: empty the target, restore with mode `upsert`, or set them aside with `rejects.max`.',
  },
  record_refused: {
    reaction: 'permanent',
    hint: 'The target refuses a record: change what the message names, then retry the job; finished work is kept.',
  },
  rejects_exceeded: {
    reaction: 'permanent',
    hint: 'See `longhaul rejects ID` for the records and the reasons. Mend the target or raise `rejects.max`, then start the job again.',
  },
  reference_unknown: {
    reaction: 'reject',
    hint: 'The record refers to one for which the target has made no id: restore its stream too, or mend the reference.',
  },
  name_unfit: {
    reaction: 'reject',
    hint: 'Rename it, or leave it out by `exclude`.',
  },
  object_changing: {
    reaction: 'reject',
    hint: 'Something writes to the object all the time: back it up when that rests, or leave it out by `exclude`.',
  },
  permission_denied: {
    reaction: 'permanent',
    hint: 'Grant the role of the connection what the message names.',
  },

  // sinks and archives
  disk_full: {
    reaction: 'permanent',
    hint: 'Free space in the folder of the connection, then retry the job; finished work is kept.',
  },
  sink_unwritable: {
    reaction: 'permanent',
    hint: 'Let the worker write to the folder of the connection, then retry the job.',
  },
  object_missing: {
    reaction: 'permanent',
    hint: 'The object is not in the store any more: restore the folder, or start a new job.',
  },
  bucket_missing: {
    reaction: 'permanent',
    hint: 'Check `bucket`, `endpoint` and `region` of the connection, or make the bucket.',
  },
  clock_skewed: {
    reaction: 'permanent',
    hint: 'Set the clock of the machine that the worker runs on (NTP), then retry the job.',
  },
  archive_exists: {
    reaction: 'permanent',
    hint: 'Choose another archive id or prefix; an archive is never overwritten.',
  },
  archive_missing: {
    reaction: 'permanent',
    hint: 'No manifest.json there: check connection, prefix and archive id, or whether that backup completed.',
  },
  archive_unsupported: {
    reaction: 'permanent',
    hint: 'The archive has another format version: use a Longhaul that knows it.',
  },
  archive_damaged: {
    reaction: 'permanent',
    hint: 'Bring the named objects back from a copy, or make a new backup; the other objects are intact.',
  },
  archive_differs: {
    reaction: 'permanent',
    hint: '`longhaul differences ID` lists the records. What changed in the source since the backup differs as well.',
  },
  format_unfit: {
    reaction: 'permanent',
    hint: 'Export the stream in another format, or leave it out; the message says what does not fit.',
  },
  chain_broken: {
    reaction: 'permanent',
    hint: 'Work files of the job were changed or removed under it. Start a new job.',
  },

  // steering and service
  job_unknown: { reaction: 'permanent', hint: '`longhaul jobs` lists the jobs there are.' },
  job_state_conflict: {
    reaction: 'permanent',
    hint: 'Look at the state of the job with `longhaul show ID`.',
  },
  idempotency_conflict: { reaction: 'permanent', hint: 'Use a new Idempotency-Key for another body.' },
  schedule_unknown: {
    reaction: 'permanent',
    hint: '`longhaul schedules` lists the schedules there are.',
  },
  schedule_exists: {
    reaction: 'permanent',
    hint: 'Choose another name, or change that schedule with `longhaul schedules set NAME`.',
  },
  schedule_busy: {
    reaction: 'permanent',
    hint: 'Wait for that job or cancel it; or let jobs of the schedule queue or run in parallel (`overlap`).',
  },
  file_unknown: {
    reaction: 'permanent',
    hint: '`GET /v1/jobs/:id/files` and `longhaul files ID` list the files there are.',
  },
  range_unsatisfiable: {
    reaction: 'permanent',
    hint: 'Ask for bytes that the file has: its size is in the header Content-Range.',
  },
  request_invalid: { reaction: 'permanent', hint: 'Send the request as /openapi.json describes it.' },
  route_unknown: { reaction: 'permanent', hint: '/openapi.json lists the routes there are.' },
  method_not_allowed: { reaction: 'permanent', hint: 'Use a method that the header Allow names.' },
  host_refused: {
    reaction: 'permanent',
    hint: 'Without keys the API serves its own machine only, by localhost or 127.0.0.1; with `keys` in longhaul.config.yml also by address and by the names in `api.hosts`.',
  },
  access_key_missing: {
    reaction: 'permanent',
    hint: 'Send a key: `Authorization: Bearer KEY`; for the `longhaul` command set LONGHAUL_API_KEY. `longhaul keys add` makes one.',
  },
  access_key_unknown: {
    reaction: 'permanent',
    hint: 'Use a key whose hash is in longhaul.config.yml, and start the API again after adding one; a session that has ended needs a new login.',
  },
  role_insufficient: {
    reaction: 'permanent',
    hint: 'Use a key of the role that the message names, or ask whoever gave you yours.',
  },
  access_keys_exceeded: {
    reaction: 'permanent',
    hint: 'Wait as long as Retry-After says, then use a key that is known; one that is known is always let in.',
  },
  requests_exceeded: {
    reaction: 'permanent',
    hint: 'Wait as long as Retry-After says; ask less often, or give each program a key of its own.',
  },
  worker_unavailable: {
    reaction: 'transient',
    attempts: 1,
    hint: 'No worker answers: start one with `longhaul worker`.',
  },
  temporal_unreachable: {
    reaction: 'transient',
    attempts: 1,
    hint: 'Start Temporal (`npm start`), or point TEMPORAL_ADDRESS at it.',
  },
  temporal_missing: {
    reaction: 'permanent',
    hint: 'Install the Temporal CLI and put it on PATH, or set TEMPORAL_CLI_PATH to it.',
  },
  already_running: {
    reaction: 'permanent',
    hint: 'Use the one that runs, stop it, or start another with --data-dir and ports of its own.',
  },
  port_taken: {
    reaction: 'permanent',
    hint: 'Stop what listens there, or choose another port; 0 takes a free one.',
  },
  start_failed: {
    reaction: 'permanent',
    hint: 'The lines above and the logs in the data folder say why.',
  },
  temporal_unprepared: {
    reaction: 'permanent',
    hint: 'Run `longhaul setup` against this Temporal: the namespace or its search attributes are missing.',
  },
  job_terminated: {
    reaction: 'permanent',
    hint: 'Somebody ended the workflow in Temporal by force. Start a new job.',
  },
  handover: { reaction: 'transient', hint: 'The worker is shutting down; another one takes over.' },
  internal: {
    reaction: 'transient',
    attempts: 5,
    hint: 'A fault in Longhaul: please report it with the job id and the log.',
  },
} satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof rows;
export const ERRORS: Readonly<Record<ErrorCode, ErrorRow>> = rows;

/** An error as data: what is stored in Temporal, shown by the API and read after a crash. Never holds secrets or records. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly stream?: string;
  readonly partition?: string;
}

export interface ErrorExtras {
  readonly hint?: string;
  readonly cause?: unknown;
  /** Epoch ms at which a throttled source may be asked again. */
  readonly until?: number;
}

/** The only error that connectors, archive and API throw on purpose. */
export class LonghaulError extends Error {
  override readonly name = 'LonghaulError';
  readonly hint: string;
  readonly until: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    extras: ErrorExtras = {},
  ) {
    super(message, { cause: extras.cause });
    this.hint = extras.hint ?? ERRORS[code].hint;
    this.until = extras.until;
  }

  get reaction(): Reaction {
    return ERRORS[this.code].reaction;
  }
}

/** Thrown by a source that was told to stop (`ctx.stop`) before it asked for its next page. Not a failure. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
