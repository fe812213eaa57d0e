// The web tier as a Hono app: routes to functions, nothing else. It holds no source, no state of a job, and of secrets at
// most those of a store.
import { OpenAPIHono, type Hook } from '@hono/zod-openapi';
import type { Client } from '@temporalio/client';
import type { Context, Env } from 'hono';
import type { KeyConfig } from '../config/keys.js';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import { createAccess, SESSION_COOKIE, type AccessDeps } from './access.js';
import { createAttempts } from './attempts.js';
import { createAudit, type Audit, type LogRefusal } from './audit.js';
import { asksForRejects } from './bodies.js';
import { assertOwn, callerOf } from './caller.js';
import { checkConnection } from './checks.js';
import { ACTIONS } from './conflicts.js';
import { jobSpec, retryBody } from './contracts.js';
import { listDifferences } from './differences.js';
import { sendFile } from './downloads.js';
import { sendEvents } from './events.js';
import { findFile, listFiles } from './files.js';
import { createGate, createNotFound, limitBody, type RouteName } from './guard.js';
import { createJobs, type Jobs } from './jobs.js';
import { createKeyring } from './keyring.js';
import { listJobs } from './listing.js';
import { createErrorHandler, RequestFaults, type LogError } from './problems.js';
import { readQueue } from './queue.js';
import { assertReady } from './ready.js';
import { listRejects } from './rejects.js';
import * as results from './result-routes.js';
import { withRoles } from './roles-described.js';
import * as routes from './routes.js';
import { securityHeaders } from './security-headers.js';
import * as session from './session-routes.js';
import { createSessions } from './sessions.js';
import { createSoon, type Soon } from './soon.js';
import { readSpec } from './spec-request.js';
import type { Stores } from './stores.js';
import { specOf } from './tenants.js';
import { createWatch } from './watch.js';

export interface AppDeps {
  readonly client: Client;
  readonly connections: readonly PublicConnection[];
  readonly stores: Stores;
  /** Base URL of Temporal's Web UI; null: not known. */
  readonly webUiUrl: string | null;
  /** Epoch ms. */
  readonly clock: () => number;
  /** Aborts when the API shuts down, so that open streams of events end. */
  readonly stop: AbortSignal;
  readonly logError: LogError;
  readonly access: AccessConfig;
}

export interface AccessConfig {
  /** None: whoever reaches this machine may do everything. */
  readonly keys: readonly KeyConfig[];
  /** Names under which the API with keys is called, beside localhost and addresses. */
  readonly hosts: readonly string[];
  /** Signs sessions; the same in every process of the API. */
  readonly sessionSecret: string | Buffer;
  readonly audit: Audit;
  readonly logRefusal: LogRefusal;
}

export type App = OpenAPIHono;

export function createApp(deps: AppDeps): App {
  const soon = createSoon(deps.client, deps.clock);
  const app = new OpenAPIHono({ defaultHook: refuseParameters });
  const access = accessDepsOf(deps);
  const { keys, hosts, audit } = deps.access;
  app.use(securityHeaders, createGate(keys.length > 0 ? hosts : null), createAudit(audit));
  app.use(createAccess(access), limitBody);
  app.onError(createErrorHandler(deps.logError));
  const reach = { soon, jobsFor: (c: Context) => createJobs(deps, callerOf(c).tenant) };
  addJobs(app, deps, reach);
  addResults(app, deps, reach);
  addService(app, deps, soon);
  addSessions(app, access);
  addDocument(app);
  app.notFound(createNotFound(routeNames(app)));
  return app;
}

function accessDepsOf({ access, clock }: AppDeps): AccessDeps {
  const keyring = createKeyring(access.keys);
  const sessions = createSessions({ keyring, secret: access.sessionSecret, clock });
  return { keyring, sessions, attempts: createAttempts(clock), logRefusal: access.logRefusal };
}

interface Reach {
  readonly soon: Soon;
  /** The jobs that are there for who asks. */
  readonly jobsFor: (c: Context) => Jobs;
}

function addJobs(app: App, deps: AppDeps, { jobsFor, soon }: Reach): void {
  const everyJob = createJobs(deps, null);
  const watch = createWatch({ show: (id) => soon(() => everyJob.show(id)), clock: deps.clock });

  app.openapi(routes.startJob, async (c) => {
    const spec = specOf(await readSpec(c, deps.connections), callerOf(c).tenant);
    const key = c.req.valid('header')['idempotency-key'] ?? null;
    const job = await soon(() => jobsFor(c).start(spec, key));
    return c.json(job, 202, { location: `/v1/jobs/${job.id}` });
  });
  app.openapi(routes.listJobs, async (c) => {
    const filter = c.req.valid('query');
    return c.json(await soon(() => listJobs(deps, filter, callerOf(c).tenant)), 200);
  });
  app.openapi(routes.showJob, async (c) =>
    c.json(await soon(() => jobsFor(c).show(c.req.valid('param').id)), 200),
  );
  app.openapi(routes.watchJob, async (c) => {
    const { id } = c.req.valid('param');
    const job = await watch.look(id);
    assertOwn(job, callerOf(c).tenant);
    return sendEvents(c, job, { watch, stop: deps.stop });
  });
  for (const action of ACTIONS) {
    app.openapi(routes.steering[action], async (c) => {
      const { id } = c.req.valid('param');
      return c.json(await soon(() => jobsFor(c).steer(id, action)), 202);
    });
  }
  app.openapi(routes.retryJob, async (c) => {
    const rejects = await asksForRejects(c);
    const job = await soon(() => jobsFor(c).retry(c.req.valid('param').id, { rejects }));
    return c.json(job, 202, { location: `/v1/jobs/${job.id}` });
  });
}

function addResults(app: App, { stores, logError }: AppDeps, { jobsFor, soon }: Reach): void {
  const find = (c: Context, id: string) => soon(() => jobsFor(c).find(id));
  app.openapi(results.listRejects, async (c) =>
    c.json(await listRejects(stores, await find(c, c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openapi(results.listDifferences, async (c) =>
    c.json(await listDifferences(stores, await find(c, c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openapi(results.listFiles, async (c) =>
    c.json(await listFiles(stores, await find(c, c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openAPIRegistry.registerPath(results.downloadFile);
  app.openAPIRegistry.registerPath(results.headFile);
  // The document has no way to say that a parameter takes slashes.
  const withSlashes = { ...results.downloadFile, path: '/v1/jobs/{id}/files/{path{.+}}', hide: true };
  app.openapi(withSlashes, async (c) => {
    const { id, path } = c.req.valid('param');
    const { place } = c.req.valid('query');
    return sendFile(c, await findFile(stores, await find(c, id), path, place), logError);
  });
}

function addService(app: App, deps: AppDeps, soon: Soon): void {
  const { client } = deps;
  app.openapi(routes.listConnections, (c) => c.json({ connections: [...deps.connections] }, 200));
  app.openapi(routes.checkConnection, async (c) =>
    c.json(await checkConnection({ ...deps, soon }, c.req.valid('param').name), 200),
  );
  app.openapi(routes.showQueue, async (c) => c.json(await soon(() => readQueue(client)), 200));
  app.openapi(routes.healthz, (c) => c.json({ status: 'ok' } as const, 200));
  app.openapi(routes.readyz, async (c) => {
    await soon(() => assertReady(client));
    return c.json({ status: 'ready', namespace: client.options.namespace } as const, 200);
  });
}

function addSessions(app: App, access: AccessDeps): void {
  app.openapi(session.showSession, (c) => c.json(session.sessionOf(c), 200));
  app.openapi(session.beginSession, async (c) => c.json(await session.begin(c, access), 200));
  app.openapi(session.endSession, (c) => {
    session.end(c, access);
    return c.body(null, 204);
  });
}

function addDocument(app: App): void {
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
  });
  registry.register('JobSpec', jobSpec);
  registry.register('RetryBody', retryBody);
  registry.register('SessionBody', session.sessionBody);
  const info = {
    title: 'Longhaul',
    version: VERSION,
    description: 'Starts, shows and steers long jobs over paged data.',
  };
  app.get('/openapi.json', (c) => c.json(withRoles(app.getOpenAPI31Document({ openapi: '3.1.0', info }))));
}

function routeNames(app: App): RouteName[] {
  const described = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [definition.route] : [],
  );
  return [...described, { method: 'get', path: '/openapi.json' }];
}

/** What zod says of path, query and headers. An id that cannot be one is just not there. */
const refuseParameters: Hook<unknown, Env, string, unknown> = (result) => {
  if (result.success) return;
  if (result.target === 'param') throw new LonghaulError('job_unknown', 'There is no such job.');
  const faults = result.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  throw new RequestFaults('request_invalid', faults);
};
