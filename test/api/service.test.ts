// What an operator needs of the API: connections, queue, health, its document, and its answers when things are not well.
import { Client, Connection } from '@temporalio/client';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queue } from '../../src/api/contracts.js';
import type { ConnectionCheck } from '../../src/core/work.js';
import { freePort } from '../../src/dev/ports.js';
import { until } from '../support/until.js';
import type { Document } from './contract.js';
import {
  apiOn,
  BACKUP,
  bundleWorkflows,
  CONNECTIONS,
  openApi,
  withWorker,
  type Api,
  type Problem,
  type TestApi,
} from './fixture.js';

let api: TestApi;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  api = await openApi();
});
afterAll(() => api.close());

const idle = { streams: {} };

/** What Prometheus would keep. */
async function figures(from: Api): Promise<Map<string, number>> {
  const { status, body } = await from.get<string>('/metrics');
  expect(status).toBe(200);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('metrics', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openApi();
  });
  afterAll(() => api.close());

  it('count requests by route, never by path, and jobs, tasks and workers', async () => {
    await api.start();
    await api.get('/v1/jobs/nobody-knows');
    await api.get('/no-such-path');
    const queued = 'longhaul_jobs{kind="backup",state="queued"}';
    const delay = 'longhaul_event_loop_delay_seconds{quantile="1"}';
    await until('job and task are counted, and the event loop was sampled', async () => {
      const counted = await figures(api);
      const tasks = counted.get('longhaul_queue_tasks{queue="workflows"}');
      return counted.get(queued) === 1 && tasks === 1 && (counted.get(delay) ?? 0) > 0;
    });
    const seen = await figures(api);
    expect(seen.get('longhaul_temporal_up')).toBe(1);
    expect(seen.get('longhaul_workers')).toBe(0);
    expect(seen.get('longhaul_queue_age_seconds{queue="workflows"}')).toBeGreaterThan(0);
    const requests = [...seen].filter(([name]) =>
      name.startsWith('longhaul_http_request_duration_seconds_count'),
    );
    const counted = new Map(requests.map(([name, n]) => [name.replace(/^.*\{|\}$/g, ''), n]));
    expect(counted.get('method="GET",route="/v1/jobs/:id",status="404"')).toBe(1);
    expect(counted.get('method="POST",route="/v1/jobs",status="202"')).toBe(1);
    expect(counted.get('method="GET",route="/*",status="404"')).toBe(1);
    expect([...counted.keys()].join()).not.toMatch(/nobody-knows|no-such-path/);
  });
});

describe('connections', () => {
  it('are listed with names, types, roles and limits, never with addresses or secrets', async () => {
    const { status, body } = await api.get<{ connections: unknown }>('/v1/connections');
    expect(status).toBe(200);
    expect(body).toEqual({ connections: CONNECTIONS });
    expect(JSON.stringify(body)).not.toMatch(/CRM_URL|CRM_TOKEN|DATABASE_URL|archives/);
  });

  it('cannot be checked while no worker runs, which is told at once', async () => {
    const { status, body } = await api.post<Problem>('/v1/connections/crm/check');
    expect([status, body.code]).toEqual([503, 'worker_unavailable']);
  });

  it('are checked by a worker', async () => {
    await withWorker(api.temporal, bundle, idle, async () => {
      await until(
        'the worker polls',
        async () => (await api.get<Queue>('/v1/queue')).body.workers.length > 0,
      );
      const { status, body } = await api.post<ConnectionCheck>('/v1/connections/crm/check');
      expect([status, body]).toEqual([200, { connection: 'crm', ok: true, detail: '', error: null }]);
    });
  });

  it('cannot be checked by a name there is not', async () => {
    const { status, body } = await api.post<Problem>('/v1/connections/crn/check');
    expect([status, body.code]).toEqual([404, 'connection_unknown']);
    expect(body.detail).toContain('Did you mean crm?');
  });
});

describe('the queue', () => {
  it('shows the backlog and its age while no worker runs, and the worker when there is one', async () => {
    const own = await openApi();
    const queue = async () => (await own.get<Queue>('/v1/queue')).body;
    expect((await queue()).workers).toEqual([]);
    await own.start();
    await own.start();
    const waiting = await until('a backlog', async () => {
      const { workflows } = await queue();
      return workflows.tasks === 2 && workflows.ageSeconds > 0 && workflows;
    });
    expect(waiting.ageSeconds).toBeLessThan(60);
    await withWorker(own.temporal, bundle, idle, async () => {
      const { workers } = await until('the worker', async () => {
        const seen = await queue();
        return seen.workers.length === 1 && seen.workflows.tasks === 0 && seen;
      });
      expect(Date.now() - Date.parse(workers[0]?.lastSeenAt ?? '')).toBeLessThan(60_000);
    });
    await own.close();
  });
});

describe('health', () => {
  it('is told apart: up, and ready for jobs', async () => {
    expect(await api.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await api.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('is not ready on a namespace that is not set up, and says what to run', async () => {
    const { connection } = api.temporal;
    const bare = `bare-${crypto.randomUUID()}`;
    const missing = apiOn({ client: new Client({ connection, namespace: bare }) });
    expect((await missing.get<Problem>('/readyz')).body.code).toBe('temporal_unprepared');
    await connection.workflowService.registerNamespace({
      namespace: bare,
      workflowExecutionRetentionPeriod: { seconds: 86_400 } as never,
    });
    const { status, body } = await until('the namespace is there', async () => {
      const answer = await missing.get<Problem>('/readyz');
      return answer.body.detail.includes('search attributes') && answer;
    });
    expect([status, body.code]).toEqual([503, 'temporal_unprepared']);
    expect(body.hint).toContain('longhaul setup');
    const started = await missing.post<Problem>('/v1/jobs', BACKUP);
    expect([started.status, started.body.code]).toEqual([503, 'temporal_unprepared']);
  });
});

describe('while Temporal is away', () => {
  let away: Api;
  beforeAll(async () => {
    const connection = Connection.lazy({ address: `127.0.0.1:${await freePort('127.0.0.1')}` });
    away = apiOn({ client: new Client({ connection }) });
    // The first answer waits for the contract to be made.
    await away.get('/healthz');
  });

  it.concurrent.each([
    ['GET', '/v1/jobs'],
    ['GET', '/v1/jobs/some'],
    ['GET', '/v1/jobs/some/events'],
    ['POST', '/v1/jobs/some/pause'],
    ['POST', '/v1/jobs/some/retry'],
    ['POST', '/v1/connections/crm/check'],
    ['GET', '/v1/queue'],
    ['GET', '/readyz'],
  ])('%s %s says so within three seconds', async (method, path) => {
    const began = performance.now();
    const { status, body } = await away.send<Problem>(method, path);
    expect([status, body.code]).toEqual([503, 'temporal_unreachable']);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('starting a job says so as well', async () => {
    const { status, body } = await away.post<Problem>('/v1/jobs', BACKUP);
    expect([status, body.code]).toEqual([503, 'temporal_unreachable']);
  });

  it('metrics are there, without what only Temporal knows', async () => {
    const seen = await figures(away);
    expect(seen.get('longhaul_temporal_up')).toBe(0);
    expect([...seen.keys()].filter((name) => /_(jobs|queue|workers)/.test(name))).toEqual([]);
  });

  it('the API itself is up, and knows its connections', async () => {
    expect((await away.get('/healthz')).status).toBe(200);
    expect((await away.get('/v1/connections')).status).toBe(200);
  });
});

describe('requests that lead nowhere', () => {
  it('are told that there is no such path', async () => {
    for (const path of ['/', '/v1', '/v1/job', '/v1/jobs/a/b/c', '/v1/jobs/']) {
      const { status, headers, body } = await api.get<Problem>(path);
      expect([path, status, body.code]).toEqual([path, 404, 'route_unknown']);
      expect(headers.get('content-type')).toBe('application/problem+json');
    }
  });

  it.each([
    ['DELETE', '/v1/jobs/a', 'GET, PATCH, HEAD'],
    ['PUT', '/v1/jobs', 'POST, GET, HEAD'],
    ['GET', '/v1/jobs/a/pause', 'POST'],
    ['POST', '/openapi.json', 'GET, HEAD'],
  ])('are told which methods there are: %s %s', async (method, path, allow) => {
    const { status, headers, body } = await api.send<Problem>(method, path);
    expect([status, body.code, headers.get('allow')]).toEqual([405, 'method_not_allowed', allow]);
  });
});

describe('who may call', () => {
  it.each(['evil.example', 'evil.example:8400', '127.0.0.1.evil.example', '10.0.0.7:8400', '', 'a b'])(
    'is refused by the Host %s, which a foreign page may have made to point here',
    async (host) => {
      const { status, body } = await api.get<Problem>(
        'http://evil.example/v1/jobs',
        host === '' ? {} : { host },
      );
      expect([status, body.code]).toEqual([403, 'host_refused']);
    },
  );

  it.each(['localhost:8400', '127.0.0.1', '[::1]:8400'])('is let in by the Host %s', async (host) => {
    expect((await api.get('/healthz', { host })).status).toBe(200);
  });

  it('is refused for a page of another site, which could post without asking', async () => {
    const { status, body } = await api.post<Problem>('/v1/jobs', BACKUP, { origin: 'https://evil.example' });
    expect([status, body.code]).toEqual([403, 'host_refused']);
    expect((await api.post<Problem>('/v1/jobs', BACKUP, { origin: 'null' })).status).toBe(403);
    expect((await api.post('/v1/jobs', BACKUP, { origin: 'http://localhost:8400' })).status).toBe(202);
  });
});

describe('a fault of the API', () => {
  it('is logged, and answered without its message or a stack', async () => {
    const broken = apiOn({
      client: {
        options: {},
        withDeadline: () => Promise.reject(new Error('secret detail')),
      } as unknown as Client,
    });
    const { status, body } = await broken.get<Problem>('/v1/jobs/some');
    expect([status, body.code]).toEqual([500, 'internal']);
    expect(JSON.stringify(body)).not.toContain('secret detail');
    expect(broken.logged).toEqual([new Error('secret detail')]);
  });
});

describe('the OpenAPI document', () => {
  it('is valid', async () => {
    const { body } = await api.get<Record<string, unknown>>('/openapi.json');
    expect(await new Validator().validate(body)).toEqual({ valid: true });
  });

  it('has every route, and none that there is not', async () => {
    const { body } = await api.get<Document>('/openapi.json');
    // HEAD is answered where GET is, described or not.
    const described = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== 'head')
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !['/openapi.json', '/docs'].includes(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{\.\+\})?/g, '{$1}')}`);
    expect(described.sort()).toEqual([...new Set(served)].sort());
  });
});
