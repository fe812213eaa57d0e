// The web tier as a Hono app: routes to functions, nothing else. It holds no source, no state of a job, and of secrets at
// most those of a store.
import { OpenAPIHono, type Hook } from '@hono/zod-openapi';
import type { Client } from '@temporalio/client';
import type { Context, Env } from 'hono';
import { compress } from 'hono/compress';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import { accessOf, createAccess, type AccessConfig, type AccessDeps } from './access.js';
import * as archives from './archive-routes.js';
import { listArchives, showArchive } from './archives.js';
import { createAudit } from './audit.js';
import { asksForRejects, readChange } from './bodies.js';
import { assertOwn, callerOf } from './caller.js';
import { checkConnection } from './checks.js';
import { ACTIONS } from './conflicts.js';
import { addDashboard, type Asset } from './dashboard.js';
import { listDifferences } from './differences.js';
import { addDocument } from './document.js';
import { sendFile } from './downloads.js';
import { sendEvents } from './events.js';
import { findFile, listFiles } from './files.js';
import { createGate, createNotFound, limitBody, type RouteName } from './guard.js';
import { createJobs, type Jobs } from './jobs.js';
import { createLimits, type Limits } from './limits.js';
import { listJobs } from './listing.js';
import { createMetrics } from './metrics.js';
import { createErrorHandler, RequestFaults, type LogError } from './problems.js';
import { readQueue } from './queue.js';
import { assertReady } from './ready.js';
import { listRejects } from './rejects.js';
import { removeArchive } from './removal.js';
import * as results from './result-routes.js';
import * as routes from './routes.js';
import { addSchedules } from './schedules/handlers.js';
import { securityHeaders } from './security-headers.js';
import * as session from './session-routes.js';
import { createSoon, type Soon } from './soon.js';
import { readSpec } from './spec-request.js';
import type { Stores } from './stores.js';
import { isReachable, specOf } from './tenants.js';
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
  /** What is served at `/` and below `/assets`, to anyone. */
  readonly dashboard: readonly Asset[];
}

export type App = OpenAPIHono;

export function createApp(deps: AppDeps): App {
  const soon = createSoon(deps.client, deps.clock);
  const app = new OpenAPIHono({ defaultHook: refuseParameters });
  const metrics = createMetrics(deps.client, soon);
  const access = accessOf(deps.access, deps.clock);
  const limits = createLimits(deps.clock);
  app.onError(createErrorHandler(deps.logError));
  app.use(metrics.observe, securityHeaders, createGate(deps.access));
  // Whoever reaches the API is shown its page, which holds nothing and asks for a key. All below takes one.
  addDashboard(app, deps.dashboard);
  app.use(createAudit(deps.access.audit), createAccess(access), limits.requests, limitBody);
  // Of all answers only a page of jobs is large; files are sent as they are stored.
  app.use('/v1/jobs', compress());
  const reach = { soon, limits, jobsFor: (c: Context) => createJobs(deps, callerOf(c).tenant) };
  addJobs(app, deps, reach);
  addResults(app, deps, reach);
  addSchedules(app, deps, reach);
  addArchives(app, deps, soon);
  addService(app, deps, soon);
  addSessions(app, access);
  app.openapi(routes.metrics, async (c) =>
    c.text(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  addDocument(app, { hasKeys: deps.access.keys.length > 0 });
  app.notFound(createNotFound([...routeNames(app), ...deps.dashboard.map(asRoute)]));
  return app;
}

interface Reach {
  readonly soon: Soon;
  readonly limits: Limits;
  /** The jobs that are there for who asks. */
  readonly jobsFor: (c: Context) => Jobs;
}

function addJobs(app: App, deps: AppDeps, { jobsFor, soon, limits }: Reach): void {
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
    const open = () => limits.openStream(callerOf(c));
    return sendEvents(c, job, { watch, open, stop: deps.stop });
  });
  for (const action of ACTIONS) {
    app.openapi(routes.steering[action], async (c) => {
      const { id } = c.req.valid('param');
      return c.json(await soon(() => jobsFor(c).steer(id, action)), 202);
    });
  }
  app.openapi(routes.changeJob, async (c) => {
    const change = await readChange(c);
    return c.json(await soon(() => jobsFor(c).change(c.req.valid('param').id, change)), 202);
  });
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

function addArchives(app: App, deps: AppDeps, soon: Soon): void {
  app.openapi(archives.listArchives, async (c) =>
    c.json(await listArchives(deps, c.req.valid('query'), callerOf(c).tenant), 200),
  );
  app.openAPIRegistry.registerPath(archives.showArchive);
  const withSlashes = { ...archives.showArchive, path: '/v1/archives/{connection}/{path{.+}}', hide: true };
  app.openapi(
    withSlashes,
    async (c) => {
      const { connection, path } = c.req.valid('param');
      const archive =
        isReachable(path, callerOf(c).tenant) && (await showArchive(deps.stores, connection, path));
      if (archive) return c.json(archive, 200);
      throw noArchive();
    },
    (result) => {
      if (!result.success) throw noArchive();
    },
  );
  app.openAPIRegistry.registerPath(archives.removeArchive);
  const removed = { ...archives.removeArchive, path: '/v1/archives/{connection}/{path{.+}}', hide: true };
  app.openapi(
    removed,
    async (c) => {
      const archive = c.req.valid('param');
      if (!isReachable(archive.path, callerOf(c).tenant)) throw noArchive();
      const isGone = await removeArchive({ ...deps, soon }, archive);
      return isGone ? c.body(null, 204) : c.body(null, 202);
    },
    (result) => {
      if (!result.success) throw noArchive();
    },
  );
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

function noArchive(): LonghaulError {
  return new LonghaulError('archive_missing', 'There is no archive or export of that path.');
}

function addSessions(app: App, access: AccessDeps): void {
  app.openapi(session.showSession, (c) => c.json(session.sessionOf(c), 200));
  app.openapi(session.beginSession, async (c) => c.json(await session.begin(c, access), 200));
  app.openapi(session.endSession, (c) => {
    session.end(c, access);
    return c.body(null, 204);
  });
}

function routeNames(app: App): RouteName[] {
  const described = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [definition.route] : [],
  );
  return [...described, { method: 'get', path: '/openapi.json' }, { method: 'get', path: '/docs' }];
}

const asRoute = ({ path }: Asset): RouteName => ({ method: 'get', path });

/** What zod says of path, query and headers. An id that cannot be one is just not there. */
const refuseParameters: Hook<unknown, Env, string, unknown> = (result) => {
  if (result.success) return;
  if (result.target === 'param') throw new LonghaulError('job_unknown', 'There is no such job.');
  const faults = result.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  throw new RequestFaults('request_invalid', faults);
};
