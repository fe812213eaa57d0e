// `longhaul/client`: the API over HTTP, typed by its own contracts. Of the server it takes types only.
import type { ArchivePage, ArchiveQuery } from '../api/archive-contracts.js';
import type { ConnectionList, JobFilter, JobPage, Queue } from '../api/contracts.js';
import type {
  DifferencePage,
  DifferenceQuery,
  FilePage,
  FileQuery,
  JobFileView,
  RejectPage,
  RejectQuery,
} from '../api/result-contracts.js';
import type { Job } from '../core/job.js';
import type { JobSpec } from '../core/spec.js';
import type { ConnectionCheck, JobChange } from '../core/work.js';
import { notOurs, problemOf, unreachable } from './errors.js';
import { follow, type FollowOptions, type JobEvent } from './events.js';
import { pause } from './pause.js';
import { posted, queryOf } from './requests.js';
import { schedulesOver, type Schedules } from './schedules.js';

export { ApiError, type Fault } from './errors.js';
export type { FollowOptions, JobEvent } from './events.js';
export type {
  ListedSchedule,
  NewSchedule,
  Schedule,
  ScheduleList,
  ScheduleQuery,
  Schedules,
  ScheduleSettings,
  Triggered,
} from './schedules.js';
export type { ErrorCode, ErrorData } from '../core/errors.js';
export type { JobProgress, JobState, StreamProgress } from '../core/job.js';
export type { ArchivePage, ArchiveQuery, JobChange };
export type { ConnectionCheck, ConnectionList, Job, JobFilter, JobPage, JobSpec, Queue };
export type { DifferencePage, DifferenceQuery, FilePage, FileQuery, JobFileView, RejectPage, RejectQuery };

export interface ClientOptions {
  /** Of the API: `http://127.0.0.1:8400`. */
  readonly url: string;
  /** The key to show, where the API asks for one. */
  readonly token?: string | undefined;
  /** Default: that of the platform. */
  readonly fetch?: typeof fetch;
}

export type Action = 'pause' | 'resume' | 'cancel' | 'retry';

export interface StartOptions {
  /** The same start sent again with this key gives the same job. */
  readonly idempotencyKey?: string | undefined;
}

export interface Download {
  /** Where the bytes begin: as asked, or 0. */
  readonly start: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Every method throws `ApiError`. Lists come in pages: `next` of one is the `cursor` of the one after. */
export interface Client {
  readonly start: (spec: JobSpec, options?: StartOptions) => Promise<Job>;
  readonly show: (id: string) => Promise<Job>;
  readonly list: (filter?: JobFilter) => Promise<JobPage>;
  readonly steer: (id: string, action: Action) => Promise<Job>;
  /** While it runs. */
  readonly change: (id: string, change: JobChange) => Promise<Job>;
  /** The job that tries again what this one has set aside. */
  readonly retryRejects: (id: string) => Promise<Job>;
  /** Up to and including `done`; it comes back by itself where the API restarts. Ends where the signal aborts. */
  readonly events: (id: string, options?: FollowOptions) => AsyncGenerator<JobEvent>;
  readonly rejects: (id: string, query?: RejectQuery) => Promise<RejectPage>;
  readonly differences: (id: string, query?: DifferenceQuery) => Promise<DifferencePage>;
  readonly files: (id: string, query?: FileQuery) => Promise<FilePage>;
  /** The bytes of a file from `start` (0) on, or all of them where the answer says so. */
  readonly download: (file: JobFileView, start?: number) => Promise<Download>;
  readonly archives: (query?: ArchiveQuery) => Promise<ArchivePage>;
  /** Whether it is gone by now; if not, it is being removed, and the same call waits for it again. */
  readonly removeArchive: (connection: string, path: string) => Promise<boolean>;
  readonly connections: () => Promise<ConnectionList>;
  readonly check: (connection: string) => Promise<ConnectionCheck>;
  readonly queue: () => Promise<Queue>;
  readonly schedules: Schedules;
}

export function createClient(options: ClientOptions): Client {
  const { url: base } = options;
  const request = requests(options);
  const at = (path: string) => new URL(path, base).href;
  const send = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const response = await request(at(path), init);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  return {
    start: (spec, { idempotencyKey: key } = {}) =>
      send('/v1/jobs', posted(spec, key === undefined ? {} : { 'idempotency-key': key })),
    show: (id) => send(jobPath(id)),
    list: (filter = {}) => send(`/v1/jobs${queryOf(filter)}`),
    steer: (id, action) => send(`${jobPath(id)}/${action}`, { method: 'POST' }),
    change: (id, change) => send(jobPath(id), { ...posted(change), method: 'PATCH' }),
    retryRejects: (id) => send(`${jobPath(id)}/retry`, posted({ rejects: true })),
    events: (id, how = {}) =>
      follow((last, signal) => openEvents(request, at(`${jobPath(id)}/events`), last, signal), how, Date.now),
    rejects: (id, query = {}) => send(`${jobPath(id)}/rejects${queryOf(query)}`),
    differences: (id, query = {}) => send(`${jobPath(id)}/differences${queryOf(query)}`),
    files: (id, query = {}) => send(`${jobPath(id)}/files${queryOf(query)}`),
    download: (file, start = 0) => download(request, base, file, start),
    archives: (query = {}) => send(`/v1/archives${queryOf(query)}`),
    removeArchive: async (connection, path) => {
      const place = [connection, ...path.split('/')].map(encodeURIComponent).join('/');
      return (await request(at(`/v1/archives/${place}`), { method: 'DELETE' })).status === 204;
    },
    connections: () => send('/v1/connections'),
    check: (name) => send(`/v1/connections/${encodeURIComponent(name)}/check`, { method: 'POST' }),
    queue: () => send('/v1/queue'),
    schedules: schedulesOver(send),
  };
}

type Request = (url: string, init: RequestInit) => Promise<Response>;

/** How often a request is sent that the API puts off, since its key has sent too many. */
const MOST_ATTEMPTS = 10;

function requests({ url: base, token, fetch: send = fetch }: ClientOptions): Request {
  const request = async (url: string, init: RequestInit, attempt: number): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await send(url, { ...init, headers }).catch((cause: unknown) => {
      throw unreachable(base, cause);
    });
    if (response.ok) return response;
    const problem = problemOf(base, response.status, await response.text());
    if (problem.code !== 'requests_exceeded' || attempt === MOST_ATTEMPTS) throw problem;
    await pause(1_000 * Number(response.headers.get('retry-after') ?? 1), init.signal);
    return request(url, init, attempt + 1);
  };
  return (url, init) => request(url, init, 1);
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

async function openEvents(
  request: Request,
  url: string,
  lastEventId: string | null,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array> | null> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId !== null && { 'last-event-id': lastEventId }),
  };
  return (await request(url, { headers, signal: signal ?? null })).body;
}

/** The key is shown to the API alone, whatever a list says. */
async function download(request: Request, base: string, file: JobFileView, start: number): Promise<Download> {
  const url = new URL(file.url, base);
  if (url.origin !== new URL(base).origin) throw notOurs(base, 200);
  const part: Record<string, string> = { range: `bytes=${start}-`, 'if-range': `"${file.sha256}"` };
  const response = await request(url.href, { headers: start > 0 ? part : {} });
  if (!response.body) throw notOurs(base, response.status);
  return { start: response.status === 206 ? start : 0, bytes: response.body };
}
