// The calls to the API that served this page. Their types are the API's own.
import type { z } from 'zod';
import type { ArchivePage, ArchiveView } from '../api/archive-contracts.js';
import type { connectionList, jobPage, Problem, Queue } from '../api/contracts.js';
import type { SessionView } from '../api/session-contracts.js';
import type { DifferencePage, FilePage, RejectPage } from '../api/result-contracts.js';
import type { ListedSchedule, Schedule, Triggered } from '../api/schedules/contracts.js';
import type { Job } from '../core/job.js';
import type { ConnectionCheck, JobChange } from '../core/work.js';
import { search, type Query } from './route.js';

export type { ArchivePage };
export type Archive = ArchiveView;
export type JobPage = z.infer<typeof jobPage>;
export type Connection = z.infer<typeof connectionList>['connections'][number];
export type Session = SessionView;
export type Action = 'pause' | 'resume' | 'cancel' | 'retry';

/** What went wrong with a call, ready to be shown. */
export class Trouble extends Error {
  override readonly name = 'Trouble';

  constructor(
    message: string,
    /** What to do about it. */
    readonly hint: string,
    /** null: no answer, or none of the API. */
    readonly problem: Problem | null = null,
  ) {
    super(message);
  }

  /** Nobody is logged in, or not any more. */
  get needsKey(): boolean {
    return this.problem?.status === 401;
  }
}

/** Fires `wanted` when a call was refused for want of a key. */
export const keyWanted = new EventTarget();

const SESSION = '/v1/session';

/** All throw `Trouble`. */
export const api = {
  jobs: (filter: Query) => call<JobPage>('GET', `/v1/jobs${search(filter)}`),
  job: (id: string) => call<Job>('GET', pathOf(id)),
  start: (spec: unknown) => call<Job>('POST', '/v1/jobs', spec),
  steer: (id: string, action: Action) => call<Job>('POST', `${pathOf(id)}/${action}`),
  change: (id: string, change: JobChange) => call<Job>('PATCH', pathOf(id), change),
  /** The new job that tries what a restore has set aside. */
  retryRejects: (id: string) => call<Job>('POST', `${pathOf(id)}/retry`, { rejects: true }),
  files: (id: string, page: Query) => call<FilePage>('GET', `${pathOf(id)}/files${search(page)}`),
  differences: (id: string, page: Query) =>
    call<DifferencePage>('GET', `${pathOf(id)}/differences${search(page)}`),
  rejects: (id: string, page: Query) => call<RejectPage>('GET', `${pathOf(id)}/rejects${search(page)}`),
  archives: (query: Query) => call<ArchivePage>('GET', `/v1/archives${search(query)}`),
  connections: async () => (await call<{ connections: Connection[] }>('GET', '/v1/connections')).connections,
  check: (name: string) => call<ConnectionCheck>('POST', `/v1/connections/${encodeURIComponent(name)}/check`),
  queue: () => call<Queue>('GET', '/v1/queue'),
  schedules: async () => (await call<{ schedules: ListedSchedule[] }>('GET', '/v1/schedules')).schedules,
  steerSchedule: (name: string, action: 'pause' | 'resume') =>
    call<Schedule>('POST', `${scheduleOf(name)}/${action}`),
  trigger: (name: string) => call<Triggered>('POST', `${scheduleOf(name)}/trigger`),
  session: () => call<Session>('GET', SESSION),
  logIn: (key: string) => call<Session>('POST', SESSION, { key }),
  logOut: () => call<null>('DELETE', SESSION),
};

function scheduleOf(name: string): string {
  return `/v1/schedules/${encodeURIComponent(name)}`;
}

export function pathOf(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: JSON_BODY };
  const response = await fetch(path, { method, ...json }).catch(unreachable);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  if (response.status === 401) keyWanted.dispatchEvent(new Event('wanted'));
  throw refusal(response.status, answer as Problem | null);
}

const JSON_BODY = { 'content-type': 'application/json' };

function unreachable(): never {
  throw new Trouble('The API does not answer.', 'Is it still running? This page asks again by itself.');
}

function refusal(status: number, problem: Problem | null): Trouble {
  return problem?.detail
    ? new Trouble(problem.detail, problem.hint, problem)
    : new Trouble(`The API answered ${status} without saying why.`, 'See its log.');
}
