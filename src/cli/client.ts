// The API over HTTP, typed. Every method throws `CliError`: the API's own problem, or `api_unreachable`.
import type { PublicConnection } from '../config/public.js';
import type { Job } from '../core/job.js';
import type { JobSpec } from '../core/spec.js';
import type { ConnectionCheck } from '../core/work.js';
import type { Address } from './address.js';
import { CliError, EXIT, exitFor, type Fault } from './errors.js';

export type Steering = 'pause' | 'resume' | 'cancel' | 'retry';
export type JobFilter = Readonly<
  Partial<
    Record<'kind' | 'state' | 'source' | 'sink' | 'tenant' | 'limit' | 'cursor', string | number | undefined>
  >
>;

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
  connections(): Promise<{ readonly connections: readonly ConnectionView[] }>;
  check(name: string): Promise<ConnectionCheck>;
  /** The job's server-sent events from the one after `lastEventId`, as the raw body. */
  events(id: string, options: EventOptions): Promise<ReadableStream<Uint8Array>>;
}

export interface EventOptions {
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}

export function createClient(address: Address): Client {
  const at = (path: string) => new URL(path, address.url).href;
  const send = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await (await request(address, at(path), init)).json()) as T;
  return {
    address,
    start: (spec, key) =>
      send('/v1/jobs', {
        method: 'POST',
        body: JSON.stringify(spec),
        headers: { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) },
      }),
    job: (id) => send(jobPath(id)),
    jobs: (filter) => send(`/v1/jobs?${new URLSearchParams(given(filter)).toString()}`),
    steer: (id, steering) => send(`${jobPath(id)}/${steering}`, { method: 'POST' }),
    connections: () => send('/v1/connections'),
    check: (name) => send(`/v1/connections/${encodeURIComponent(name)}/check`, { method: 'POST' }),
    events: (id, options) => events(address, at(`${jobPath(id)}/events`), options),
  };
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

async function events(address: Address, url: string, options: EventOptions) {
  const headers = {
    accept: 'text/event-stream',
    ...(options.lastEventId === null ? {} : { 'last-event-id': options.lastEventId }),
  };
  const response = await request(address, url, { headers, signal: options.signal });
  if (!response.body) throw notOurs(address, response.status);
  return response.body;
}

async function request(address: Address, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((cause: unknown) => {
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

function given(filter: JobFilter): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
