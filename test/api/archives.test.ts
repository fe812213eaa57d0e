// What is in the stores: a real folder that the tests fill as a worker would, walked through the API.
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchivePage, ArchiveView } from '../../src/api/archive-contracts.js';
import { publicConnections } from '../../src/config/public.js';
import { configSchema } from '../../src/config/schema.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Job } from '../../src/core/job.js';
import type { Store } from '../../src/core/store.js';
import { createExportSink } from '../../src/export/sink.js';
import { sealIn, storeIn } from '../support/archives.js';
import { jsonPage, newMemory, runJob, stream, type Work } from '../support/writing.js';
import { until } from '../support/until.js';
import { apiOn, openApi, type Api, type Problem, type TestApi } from './fixture.js';

const WORK: Work = {
  streams: [stream('contacts'), stream('Orders')],
  parts: [
    {
      target: { stream: 'contacts', partition: '0', index: 0 },
      flushes: [[jsonPage('{"id":1}', '{"id":2}')], [jsonPage('{"id":3}')]],
    },
    { target: { stream: 'Orders', partition: '0', index: 1 }, flushes: [[jsonPage('{"id":4}')]] },
  ],
};
const CONNECTIONS = publicConnections(
  configSchema.parse({
    connections: {
      main: { type: 'postgres', url: '${DATABASE_URL}' },
      vault: { type: 'file', path: './archives' },
      away: { type: 'file', path: './away' },
    },
  }),
);

let base: TestApi;
let root: string;
let store: Store;
let listed: string[];
let api: Api;
beforeAll(async () => {
  base = await openApi();
  root = await mkdtemp(path.join(tmpdir(), 'archives-'));
  const plain = storeIn(root);
  listed = [];
  store = { ...plain, folders: (folder) => (listed.push(folder), plain.folders(folder)) };
  const stores = (name: string): Store => {
    if (name === 'vault') return store;
    if (name === 'main') throw new LonghaulError('connection_unsuitable', 'It holds no archives.');
    throw new LonghaulError(name === 'away' ? 'source_unreachable' : 'connection_unknown', 'It is away.');
  };
  api = apiOn(base.temporal, { stores, connections: CONNECTIONS });
  for (const place of ['nightly/a', 'nightly/a-1', 'top', 'z/deep/er/b']) {
    await sealIn(root, WORK, { path: place, jobId: `job-${place}` });
  }
  const sink = createExportSink(plain, {
    path: 'nightly/e',
    id: 'e',
    jobId: 'job-e',
    createdAt: '2026-01-02T03:04:05.000Z',
    as: { format: 'jsonl', compression: 'none' },
    source: { connection: 'crm', type: 'http' },
    fileBytes: null,
  });
  await runJob(sink, WORK, newMemory());
  await sealIn(root, WORK, { path: 'nightly/broken' });
  await appendFile(path.join(root, 'nightly/broken/manifest.json'), ' ');
  for (const folder of [
    '.jobs/job-1/rejects',
    'nightly/c-unsealed/.work/parts',
    'nightly/c-unsealed/orders/0',
    'odd name/a',
  ]) {
    await mkdir(path.join(root, folder), { recursive: true });
    await writeFile(path.join(root, folder, 'x'), '');
  }
});
afterAll(async () => {
  await base.close();
  await rm(root, { recursive: true, force: true });
  if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
});

const list = async (query = ''): Promise<ArchivePage> => {
  const { status, body } = await api.get<ArchivePage>(`/v1/archives${query}`);
  expect(status).toBe(200);
  return body;
};
const pathsOf = ({ archives }: ArchivePage): string[] => archives.map((archive) => archive.path);

describe('the list of archives', () => {
  it('has what was sealed in the stores, with its facts, and what cannot be read apart', async () => {
    const page = await list();
    expect(pathsOf(page)).toEqual(['nightly/a-1', 'nightly/a', 'nightly/e', 'top', 'z/deep/er/b']);
    expect(page.next).toBeNull();
    expect(page.unreadable).toMatchObject([
      { connection: 'away', path: null, code: 'source_unreachable' },
      { connection: 'vault', path: 'nightly/broken', code: 'archive_damaged' },
    ]);
    expect(page.archives[0]).toMatchObject({
      kind: 'archive',
      connection: 'vault',
      job: 'job-nightly/a-1',
      createdAt: '2026-01-02T03:04:05.000Z',
      source: { connection: 'crm', type: 'http' },
      compression: 'zstd',
      records: 4,
      bytes: 36,
      segments: 3,
      streamsTotal: 2,
    });
    const exported = page.archives.find(({ kind }) => kind === 'export');
    expect(exported).toMatchObject({
      format: 'jsonl',
      records: 4,
      bytes: null,
      storedBytes: 36,
      segments: 2,
    });
  });

  it('looks into no folder of an archive, nor of a job at work', async () => {
    listed.length = 0;
    await list('?connection=vault');
    expect(listed).toEqual(['', 'nightly', 'nightly/c-unsealed', 'z', 'z/deep', 'z/deep/er']);
  });

  it('comes in pages that leave nothing out, nor show anything twice', async () => {
    const seen: string[] = [];
    let cursor = '';
    let pages = 0;
    for (;;) {
      const page = await list(`?limit=1${cursor}`);
      expect(page.archives.length + page.unreadable.length).toBe(1);
      seen.push(...pathsOf(page), ...page.unreadable.map(({ path: at }) => at ?? 'store'));
      pages += 1;
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect([pages, seen]).toEqual([
      7,
      ['store', 'nightly/a-1', 'nightly/a', 'nightly/broken', 'nightly/e', 'top', 'z/deep/er/b'],
    ]);
  });

  it('can be of one store and folder', async () => {
    expect(pathsOf(await list('?connection=vault&prefix=z'))).toEqual(['z/deep/er/b']);
    expect(pathsOf(await list('?connection=vault&prefix=top'))).toEqual(['top']);
    expect(pathsOf(await list('?connection=vault&prefix=nightly/a/contacts'))).toEqual([]);
    expect(pathsOf(await list('?connection=vault&prefix=none'))).toEqual([]);
  });

  it.each([
    ['?connection=none', 404, 'connection_unknown'],
    ['?connection=main', 422, 'connection_unsuitable'],
    ['?connection=away', 503, 'source_unreachable'],
    ['?prefix=../up', 400, 'request_invalid'],
    ['?cursor=x', 400, 'request_invalid'],
  ])('%s is refused with %d %s', async (query, status, code) => {
    const answer = await api.get<Problem>(`/v1/archives${query}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('an archive', () => {
  it('is shown with its streams', async () => {
    const { status, body } = await api.get<ArchiveView>('/v1/archives/vault/nightly/a');
    expect(status).toBe(200);
    expect(body).toMatchObject({ path: 'nightly/a', records: 4 });
    expect(body.streams.map(({ name, records, segments }) => [name, records, segments])).toEqual([
      ['Orders', 1, 1],
      ['contacts', 3, 2],
    ]);
  });

  it.each([
    ['vault/nightly', 404, 'archive_missing'],
    ['vault/nightly//a', 404, 'archive_missing'],
    ['vault/a%20b', 404, 'archive_missing'],
    ['vault/nightly/broken', 502, 'archive_damaged'],
    ['none/a', 404, 'connection_unknown'],
    ['main/a', 404, 'connection_unsuitable'],
  ])('%s is answered %d %s', async (place, status, code) => {
    const answer = await api.get<Problem>(`/v1/archives/${place}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('the removal of an archive', () => {
  const remove = (path: string) => api.send<Problem>('DELETE', `/v1/archives/${path}`);

  it('waits for jobs that use it', async () => {
    const job = await api.start({ kind: 'verify', source: { connection: 'vault', archive: 'top' } });
    const refused = await until('the job is listed', async () => {
      const answer = await api.get<{ jobs: Job[] }>('/v1/jobs?state=queued');
      return answer.body.jobs.some(({ id }) => id === job.id) ? remove('vault/top') : undefined;
    });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'archive_needed', detail: `top cannot be removed: job ${job.id} uses it.` },
    });
    expect((await api.get('/v1/archives/vault/top')).status).toBe(200);
  });

  it.each([
    ['main/nightly/a', 'connection_unknown'],
    ['nowhere/nightly/a', 'connection_unknown'],
    ['vault/../a', 'route_unknown'],
    ['vault/nightly/..%2Fa', 'archive_missing'],
  ])('of %s is a 404 with %s', async (path, code) => {
    expect(await remove(path)).toMatchObject({ status: 404, body: { code } });
  });

  it('of a store that is misspelt is answered with the one that was meant', async () => {
    const { body } = await remove('vualt/nightly/a');
    expect(body).toMatchObject({ detail: expect.stringContaining('Did you mean vault?') });
  });
});
