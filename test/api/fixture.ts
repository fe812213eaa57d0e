// The app on a namespace of its own, called without a socket, every answer held against the OpenAPI document; and workers
// that run the real workflows with activities that do as a test says.
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import type { AccessConfig } from '../../src/api/access.js';
import { createApp, type App, type AppDeps } from '../../src/api/app.js';
import { publicConnections } from '../../src/config/public.js';
import { configSchema } from '../../src/config/schema.js';
import type { Stores } from '../../src/api/stores.js';
import type { Job } from '../../src/core/job.js';
import { TASK_QUEUE } from '../../src/core/names.js';
import { scriptedActivities, type Calls, type Script } from '../support/scripted-activities.js';
import { openTemporal, type TestTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { createContract, isJson, type Document } from './contract.js';

const paginator = { type: 'single_page' };
const stream = (path: string) => ({ path, records: '', paginator });

export const CONNECTIONS = publicConnections(
  configSchema.parse({
    connections: {
      crm: {
        type: 'http',
        baseUrl: '${CRM_URL}',
        auth: { type: 'bearer', token: '${CRM_TOKEN}' },
        limits: { requestsPerSecond: 20 },
        streams: { contacts: stream('/contacts'), orders: stream('/orders') },
      },
      main: { type: 'postgres', url: '${DATABASE_URL}' },
      vault: { type: 'file', path: './archives' },
    },
  }),
);

export const BACKUP = {
  kind: 'backup',
  source: { connection: 'crm', streams: ['contacts'] },
  sink: { connection: 'vault', prefix: 'nightly' },
} as const;

export const VERIFY = { kind: 'verify', source: { connection: 'vault', archive: 'nightly/a' } } as const;

/** For tests that read none. */
const noStores: Stores = (name) => {
  throw new Error(`nobody said where ${name} is`);
};

/** No keys: whoever reaches this machine may do everything. */
export const OPEN: AccessConfig = {
  keys: [],
  hosts: [],
  sessionSecret: 'a secret of tests, which signs sessions',
  audit: () => undefined,
  logRefusal: () => undefined,
};

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly hint: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export interface Page {
  readonly jobs: readonly Job[];
  readonly next: string | null;
}

interface Init {
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export interface Api {
  readonly app: App;
  /** What was logged as a fault of the API. */
  readonly logged: readonly unknown[];
  /** Ends the streams of events, as a shutdown does. */
  stop(): void;
  send<T>(method: string, path: string, init?: Init): Promise<Answer<T>>;
  get<T = Job>(path: string, headers?: Record<string, string>): Promise<Answer<T>>;
  /** `body`: an object goes as JSON, a text as it is. */
  post<T = Job>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** Starts a job that must be accepted. */
  start(body?: unknown): Promise<Job>;
  /** The job as soon as it is as wanted. */
  job(id: string, wanted: (job: Job) => boolean): Promise<Job>;
}

export interface TestApi extends Api {
  readonly temporal: TestTemporal;
  /** Fails where the API had a fault of its own. */
  close(): Promise<void>;
}

export async function openApi(): Promise<TestApi> {
  const temporal = await openTemporal();
  const api = apiOn(temporal);
  const close = async (): Promise<void> => {
    await temporal.close();
    if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
  };
  return { ...api, temporal, close };
}

/** `key`: sent with each request that says nothing else. */
export function apiOn(
  { client }: Pick<TestTemporal, 'client'>,
  changes: Partial<AppDeps> = {},
  key: string | null = null,
): Api {
  const own: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const stopping = new AbortController();
  const logged: unknown[] = [];
  const app = createApp({
    client,
    connections: CONNECTIONS,
    stores: noStores,
    webUiUrl: 'http://127.0.0.1:8233',
    clock: () => Date.now(),
    stop: stopping.signal,
    logError: (error) => void logged.push(error),
    dashboard: [],
    access: OPEN,
    ...changes,
  });
  const contract = Promise.resolve(app.request('/openapi.json', { headers: own }))
    .then((response) => response.json() as Promise<Document>)
    .then(createContract);

  async function send<T>(method: string, path: string, init: Init = {}): Promise<Answer<T>> {
    const response = await app.request(path, { ...init, method, headers: { ...own, ...init.headers } });
    const { status, headers } = response;
    const contentType = headers.get('content-type');
    const text = await response.text();
    const body = (isJson(contentType) && text !== '' ? JSON.parse(text) : text) as T;
    (await contract)({ method, path, status, contentType, body });
    return { status, headers, body };
  }

  const get = <T = Job>(path: string, headers: Record<string, string> = {}) =>
    send<T>('GET', path, { headers });
  const post = <T = Job>(path: string, body?: unknown, headers: Record<string, string> = {}) =>
    send<T>('POST', path, {
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    });
  return {
    app,
    logged,
    stop: () => stopping.abort(),
    send,
    get,
    post,
    start: async (body = BACKUP) => {
      const { status, body: job } = await post('/v1/jobs', body);
      if (status !== 202) throw new Error(`${status}: ${JSON.stringify(job)}`);
      return job;
    },
    job: async (id, wanted) => {
      let seen: Job | undefined;
      const probe = async () => {
        seen = (await get(`/v1/jobs/${id}`)).body;
        return wanted(seen) && seen;
      };
      return until(`job ${id}`, probe, { seen: () => JSON.stringify(seen) });
    },
  };
}

/** Once a test file, before its first worker: keeps Temporal's own logs out of the output. */
export async function bundleWorkflows(): Promise<WorkflowBundle> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
  });
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** Runs a worker for the length of `use`. */
export async function withWorker<T>(
  { nativeConnection, namespace }: TestTemporal,
  workflowBundle: WorkflowBundle,
  script: Script,
  use: (calls: Calls) => Promise<T>,
): Promise<T> {
  const { activities, calls } = scriptedActivities(script);
  const worker = await Worker.create({
    connection: nativeConnection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle,
    activities: { ...activities },
    maxHeartbeatThrottleInterval: 100,
    defaultHeartbeatThrottleInterval: 100,
    stickyQueueScheduleToStartTimeout: '1s',
  });
  return worker.runUntil(() => use(calls));
}
