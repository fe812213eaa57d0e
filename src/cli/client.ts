// The API over HTTP, typed. Every method throws `CliError`: the API's own problem, or `api_unreachable`.
import type { PublicConnection } from '../config/public.js';
import type { DifferencePage, FilePage, JobFileView, RejectPage } from '../api/result-contracts.js';
import type { Job } from '../core/job.js';
import type { JobSpec } from '../core/spec.js';
import type { ConnectionCheck } from '../core/work.js';
import type { Address } from './address.js';
import { CliError, EXIT, exitFor, type Fault } from './errors.js';

export type Steering = 'pause' | 'resume' | 'cancel' | 'retry';
type Query<Name extends string> = Readonly<Partial<Record<Name, string | number | undefined>>>;
export type JobFilter = Query<'kind' | 'state' | 'source' | 'sink' | 'tenant' | 'limit' | 'cursor'>;
export type ListQuery = Query<'stream' | 'limit' | 'cursor'>;

export interface JobPage {
  readonly jobs: readonly Job[];
  readonly next: string | null;
}

export interface ConnectionView {
  readonly name: string;
  readonly type: string;
  readonly roles: readonly ('source' | 'sink' | 'target')[];
  readonly limits: PublicConnection['limits'];
  /** null: the source itself says what it has. */
  readonly streams: readonly string[] | null;
}

export interface Client {
  readonly address: Address;
  start(spec: JobSpec, idempotencyKey?: string): Promise<Job>;
  job(id: string): Promise<Job>;
  jobs(filter: JobFilter): Promise<JobPage>;
  steer(id: string, steering: Steering): Promise<Job>;
  /** The job that tries again what this one has set aside. */
  retryRejects(id: string): Promise<Job>;
  rejects(id: string, query: ListQuery): Promise<RejectPage>;
  differences(id: string, query: ListQuery): Promise<DifferencePage>;
  files(id: string, query: ListQuery): Promise<FilePage>;
  /** The bytes of a file from `start` on, or all of them where the answer says so. */
  download(file: JobFileView, start: number): Promise<Download>;
  connections(): Promise<{ readonly connections: readonly ConnectionView[] }>;
  check(name: string): Promise<ConnectionCheck>;
  /** The job's server-sent events from the one after `lastEventId`, as the raw body. */
  events(id: string, options: EventOptions): Promise<ReadableStream<Uint8Array>>;
}

export interface Download {
  /** Where the bytes begin: as asked, or 0. */
  readonly start: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface EventOptions {
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}

/** `key`: of the API, where it has keys. */
export function createClient(address: Address, key: string | null): Client {
  const site = { address, key };
  const at = (path: string) => new URL(path, address.url).href;
  const send = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await (await request(site, at(path), init)).json()) as T;
  return {
    address,
    start: (spec, key) => send('/v1/jobs', posted(spec, key ? { 'idempotency-key': key } : {})),
    job: (id) => send(jobPath(id)),
    jobs: (filter) => send(`/v1/jobs${queryOf(filter)}`),
    steer: (id, steering) => send(`${jobPath(id)}/${steering}`, { method: 'POST' }),
    retryRejects: (id) => send(`${jobPath(id)}/retry`, posted({ rejects: true })),
    rejects: (id, query) => send(`${jobPath(id)}/rejects${queryOf(query)}`),
    differences: (id, query) => send(`${jobPath(id)}/differences${queryOf(query)}`),
    files: (id, query) => send(`${jobPath(id)}/files${queryOf(query)}`),
    download: (file, start) => download(site, at(file.url), file, start),
    connections: () => send('/v1/connections'),
    check: (name) => send(`/v1/connections/${encodeURIComponent(name)}/check`, { method: 'POST' }),
    events: (id, options) => events(site, at(`${jobPath(id)}/events`), options),
  };
}

function posted(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
}

interface Site {
  readonly address: Address;
  readonly key: string | null;
}

async function download(site: Site, url: string, { sha256 }: JobFileView, start: number): Promise<Download> {
  const { address } = site;
  if (new URL(url).origin !== new URL(address.url).origin) throw notOurs(address, 200);
  const part: Record<string, string> = { range: `bytes=${start}-`, 'if-range': `"${sha256}"` };
  const response = await request(site, url, { headers: start > 0 ? part : {} });
  if (!response.body) throw notOurs(address, response.status);
  return { start: response.status === 206 ? start : 0, bytes: response.body };
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

async function events(site: Site, url: string, options: EventOptions) {
  const headers = {
    accept: 'text/event-stream',
    ...(options.lastEventId === null ? {} : { 'last-event-id': options.lastEventId }),
  };
  const response = await request(site, url, { headers, signal: options.signal });
  if (!response.body) throw notOurs(site.address, response.status);
  return response.body;
}

async function request({ address, key }: Site, url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== null) headers.set('authorization', `Bearer ${key}`);
  const response = await fetch(url, { ...init, headers }).catch((cause: unknown) => {
    throw unreachable(address, cause);
  });
  if (response.ok) return response;
  throw problem(address, response.status, await response.text());
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly errors?: readonly Fault[];
}

function problem(address: Address, status: number, body: string): CliError {
  const said = parse(body);
  if (!said?.code) return notOurs(address, status);
  return new CliError(said.code, said.detail ?? said.title ?? `the API answers ${status}`, {
    exit: exitFor(said.code, status),
    ...(said.hint ? { hint: said.hint } : {}),
    ...(said.errors ? { faults: said.errors } : {}),
  });
}

function parse(body: string): Problem | null {
  try {
    return JSON.parse(body) as Problem | null;
  } catch {
    return null;
  }
}

function notOurs(address: Address, status: number): CliError {
  return new CliError('api_unreachable', `${address.url} answers ${status}, and not as Longhaul's API does`, {
    exit: EXIT.unreachable,
    hint: `That address comes from ${address.from}; say another one with --api or LONGHAUL_API.`,
  });
}

function unreachable(address: Address, cause: unknown): CliError {
  return new CliError('api_unreachable', `the API at ${address.url} does not answer (${reason(cause)})`, {
    exit: EXIT.unreachable,
    hint: `That address comes from ${address.from}. Start the API with \`npm start\`, or say where it is with --api or LONGHAUL_API.`,
    cause,
  });
}

/** `fetch failed` says nothing; its cause does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const code = (error.cause as { code?: unknown }).code;
  return typeof code === 'string' ? code : reason(error.cause);
}

function queryOf(query: Query<string>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
