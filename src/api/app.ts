// The web tier as a Hono app: routes to functions, nothing else. It holds no source, no state of a job, and of secrets at
// most those of a store.
import { OpenAPIHono, type Hook } from '@hono/zod-openapi';
import type { Client } from '@temporalio/client';
import type { Env } from 'hono';
import { compress } from 'hono/compress';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import * as archives from './archive-routes.js';
import { listArchives, showArchive } from './archives.js';
import { asksForRejects, readChange } from './bodies.js';
import { checkConnection } from './checks.js';
import { ACTIONS } from './conflicts.js';
import { changeBody, jobSpec, retryBody } from './contracts.js';
import { addDashboard, type Asset } from './dashboard.js';
import { listDifferences } from './differences.js';
import { DOCS_POLICY, docsPage } from './docs-page.js';
import { sendFile } from './downloads.js';
import { sendEvents } from './events.js';
import { findFile, listFiles } from './files.js';
import { createNotFound, limitBody, loopbackOnly, type RouteName } from './guard.js';
import { createJobs, type Jobs } from './jobs.js';
import { listJobs } from './listing.js';
import { createMetrics } from './metrics.js';
import { createErrorHandler, NothingThere, RequestFaults, type LogError } from './problems.js';
import { readQueue } from './queue.js';
import { assertReady } from './ready.js';
import { listRejects } from './rejects.js';
import { removeArchive } from './removal.js';
import * as results from './result-routes.js';
import * as routes from './routes.js';
import { createSoon, type Soon } from './soon.js';
import { readSpec } from './spec-request.js';
import type { Stores } from './stores.js';
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
  /** What is served at `/` and below `/assets`. */
  readonly dashboard: readonly Asset[];
}

export type App = OpenAPIHono;

export function createApp(deps: AppDeps): App {
  const soon = createSoon(deps.client, deps.clock);
  const app = new OpenAPIHono({ defaultHook: refuseParameters });
  const metrics = createMetrics(deps.client, soon);
  app.use(metrics.observe, loopbackOnly, limitBody);
  // Of all answers only a page of jobs is large; files are sent as they are stored.
  app.use('/v1/jobs', compress());
  app.onError(createErrorHandler(deps.logError));
  const jobs = createJobs(deps);
  addJobs(app, deps, { jobs, soon });
  addResults(app, deps, { jobs, soon });
  addArchives(app, deps, soon);
  addService(app, deps, soon);
  app.openapi(routes.metrics, async (c) =>
    c.text(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  addDocument(app);
  addDashboard(app, deps.dashboard);
  app.notFound(createNotFound([...routeNames(app), ...deps.dashboard.map(asRoute)]));
  return app;
}

interface Reach {
  readonly jobs: Jobs;
  readonly soon: Soon;
}

function addJobs(app: App, deps: AppDeps, { jobs, soon }: Reach): void {
  const show = (id: string) => soon(() => jobs.show(id));
  const watch = createWatch(show);

  app.openapi(routes.startJob, async (c) => {
    const spec = await readSpec(c, deps.connections);
    const key = c.req.valid('header')['idempotency-key'] ?? null;
    const job = await soon(() => jobs.start(spec, key));
    return c.json(job, 202, { location: `/v1/jobs/${job.id}` });
  });
  app.openapi(routes.listJobs, async (c) => {
    const filter = c.req.valid('query');
    return c.json(await soon(() => listJobs(deps, filter)), 200);
  });
  app.openapi(routes.showJob, async (c) => c.json(await show(c.req.valid('param').id), 200));
  app.openapi(routes.watchJob, (c) =>
    sendEvents(c, c.req.valid('param').id, { show, watch, stop: deps.stop }),
  );
  for (const action of ACTIONS) {
    app.openapi(routes.steering[action], async (c) => {
      const { id } = c.req.valid('param');
      return c.json(await soon(() => jobs.steer(id, action)), 202);
    });
  }
  app.openapi(routes.changeJob, async (c) => {
    const change = await readChange(c);
    return c.json(await soon(() => jobs.change(c.req.valid('param').id, change)), 202);
  });
  app.openapi(routes.retryJob, async (c) => {
    const rejects = await asksForRejects(c);
    const job = await soon(() => jobs.retry(c.req.valid('param').id, { rejects }));
    return c.json(job, 202, { location: `/v1/jobs/${job.id}` });
  });
}

function addResults(app: App, { stores, logError }: AppDeps, { jobs, soon }: Reach): void {
  const find = (id: string) => soon(() => jobs.find(id));
  app.openapi(results.listRejects, async (c) =>
    c.json(await listRejects(stores, await find(c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openapi(results.listDifferences, async (c) =>
    c.json(await listDifferences(stores, await find(c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openapi(results.listFiles, async (c) =>
    c.json(await listFiles(stores, await find(c.req.valid('param').id), c.req.valid('query')), 200),
  );
  app.openAPIRegistry.registerPath(results.downloadFile);
  app.openAPIRegistry.registerPath(results.headFile);
  // The document has no way to say that a parameter takes slashes.
  const withSlashes = { ...results.downloadFile, path: '/v1/jobs/{id}/files/{path{.+}}', hide: true };
  app.openapi(withSlashes, async (c) => {
    const { id, path } = c.req.valid('param');
    const { place } = c.req.valid('query');
    return sendFile(c, await findFile(stores, await find(id), path, place), logError);
  });
}

function addArchives(app: App, deps: AppDeps, soon: Soon): void {
  app.openapi(archives.listArchives, async (c) =>
    c.json(await listArchives(deps, c.req.valid('query')), 200),
  );
  app.openAPIRegistry.registerPath(archives.showArchive);
  const withSlashes = { ...archives.showArchive, path: '/v1/archives/{connection}/{path{.+}}', hide: true };
  app.openapi(
    withSlashes,
    async (c) => {
      const { connection, path } = c.req.valid('param');
      const archive = await showArchive(deps.stores, connection, path);
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
    async (c) =>
      (await removeArchive({ ...deps, soon }, c.req.valid('param'))) ? c.body(null, 204) : c.body(null, 202),
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

function noArchive(): NothingThere {
  return new NothingThere('archive_missing', 'There is no archive or export of that path.');
}

function addDocument(app: App): void {
  app.openAPIRegistry.register('JobSpec', jobSpec);
  app.openAPIRegistry.register('RetryBody', retryBody);
  app.openAPIRegistry.register('JobChange', changeBody);
  const info = {
    title: 'Longhaul',
    version: VERSION,
    description: 'Starts, shows and steers long jobs over paged data.',
  };
  app.doc31('/openapi.json', { openapi: '3.1.0', info });
  app.get('/docs', (c) => {
    const page = docsPage(app.getOpenAPI31Document({ openapi: '3.1.0', info }));
    return c.html(page, 200, { 'content-security-policy': DOCS_POLICY, 'x-content-type-options': 'nosniff' });
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
