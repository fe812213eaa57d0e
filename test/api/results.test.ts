// What a job leaves in its store: records that were set aside, and files to download. The jobs run with scripted
// activities; the store is a real folder that the tests fill as a worker would.
import { get as httpGet, type IncomingMessage } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/api/server.js';
import type { DifferencePage } from '../../src/api/result-contracts.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { indexSchema, type Difference } from '../../src/compare/differences.js';
import { INDEX, partPath } from '../../src/compare/layout.js';
import { jobFolder } from '../../src/core/archive-path.js';
import type { Reject, Target } from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Job } from '../../src/core/job.js';
import type { Store } from '../../src/core/store.js';
import { hashOf, sealIn, storeIn } from '../support/archives.js';
import { someRecords } from '../support/records.js';
import { advance, fails, untilCancelled, type Script } from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { csvPage, jsonPage, stream } from '../support/writing.js';
import {
  apiOn,
  BACKUP,
  bundleWorkflows,
  openApi,
  VERIFY,
  withWorker,
  type Api,
  type Problem,
  type TestApi,
} from './fixture.js';

const RESTORE = {
  kind: 'restore',
  source: { connection: 'vault', archive: 'nightly/a', streams: ['contacts'] },
  sink: { connection: 'main' },
  options: { rejects: { max: 100 } },
} as const;

interface RejectPage {
  readonly rejects: readonly Record<string, unknown>[];
  readonly next: string | null;
}
interface FilePage {
  readonly files: readonly { path: string; bytes: number; sha256: string; url: string }[];
  readonly next: string | null;
}

let base: TestApi;
let bundle: WorkflowBundle;
let root: string;
let store: Store;
let api: Api;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  base = await openApi();
  root = await mkdtemp(path.join(tmpdir(), 'results-'));
  store = storeIn(root);
  api = apiOn(base.temporal, { stores: () => store });
});
afterAll(async () => {
  await base.close();
  await rm(root, { recursive: true, force: true });
  if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
});

/** Of `contacts`, which is all there is; each chunk sets aside as many as asked for. */
const settingAside = (rejects: number): Script => ({
  streams: { contacts: [10] },
  chunk: (input, left) => {
    const checkpoint = advance(input, left, true);
    return { end: 'exhausted', checkpoint: { ...checkpoint, tallies: { ...checkpoint.tallies, rejects } } };
  },
});

async function ended(body: unknown, script: Script, state: Job['state'] = 'completed'): Promise<Job> {
  const { id } = await api.start(body);
  return withWorker(base.temporal, bundle, script, () => api.job(id, (job) => job.state === state));
}

async function setAside(job: Job, target: Target, rejects: readonly Reject[]): Promise<void> {
  const log = createRejectsLog(store, jobFolder(job.id));
  await log.publish(target, await log.add(target, undefined, rejects));
}

function rejectOf(text: string | Buffer): Reject {
  const chunks = [Buffer.from(text)];
  return {
    code: 'record_refused',
    message: `no to ${text.length}`,
    records: 1,
    payload: { format: 'jsonl', chunks },
  };
}

it('the result of a verify of a sample says how much of how much was read', async () => {
  const read = { segments: 42, records: 84, bytes: 4_200, storedBytes: 2_100 };
  const of = { segments: 420, records: 840, bytes: 42_000, storedBytes: 21_000 };
  const notes = ['A sample was read, not the whole.'];
  const result = { ...read, findings: [], findingsTotal: 0, sample: { share: '10%', read, of }, notes };
  const asked = { ...VERIFY, options: { sample: '10%' } };
  const job = await ended(asked, { streams: { contacts: [1] }, seal: () => result });
  expect(job).toMatchObject({ options: { sample: '10%' }, result, error: null });
});

describe('the rejects of a job', () => {
  const at = (job: Job, query = '') => api.get<RejectPage>(`/v1/jobs/${job.id}/rejects${query}`);
  let queued: Job;
  beforeAll(async () => {
    queued = await api.start(RESTORE);
  });
  afterAll(() => api.post(`/v1/jobs/${queued.id}/cancel`));

  it('come with their reasons and their bytes, whatever those are', async () => {
    const job = await ended(RESTORE, settingAside(5));
    await setAside(job, { stream: 'contacts', partition: '0', index: 0 }, [
      rejectOf('{"id":9007199254740993,"a":1.10}\n'),
      rejectOf(Buffer.from([0xff, 0x0a])),
      {
        ...rejectOf(''),
        payload: { format: 'csv', header: Buffer.from('a,"b"\n'), chunks: [Buffer.from('1,"x\ny"\n')] },
      },
      { code: 'archive_damaged', message: 'segment 3', records: 40, payload: null },
    ]);
    const { status, body } = await at(job);
    expect(status).toBe(200);
    const common = { stream: 'contacts', partition: '0', code: 'record_refused', records: 1, header: null };
    expect(body).toEqual({
      next: null,
      rejects: [
        {
          ...common,
          code: 'archive_damaged',
          message: 'segment 3',
          records: 40,
          record: null,
          encoding: null,
        },
        { ...common, message: 'no to 0', record: '1,"x\ny"', header: 'a,"b"', encoding: 'text' },
        { ...common, message: 'no to 2', record: '/w==', encoding: 'base64' },
        { ...common, message: 'no to 33', record: '{"id":9007199254740993,"a":1.10}', encoding: 'text' },
      ],
    });
  });

  it('are there while the job runs, and come in pages with nothing lost or twice', async () => {
    const { id } = await api.start(RESTORE);
    const script: Script = {
      streams: { contacts: [10] },
      chunk: async (input) => {
        await untilCancelled();
        return { end: 'stopped', checkpoint: advance(input, 1, false) };
      },
    };
    await withWorker(base.temporal, bundle, script, async () => {
      const job = await api.job(id, ({ state }) => state === 'running');
      expect((await at(job)).body).toEqual({ rejects: [], next: null });
      const texts = Array.from({ length: 23 }, (_, i) => `{"n":${i}}`);
      for (const [index, name] of ['contacts', 'orders'].entries()) {
        await setAside(job, { stream: name, partition: '0', index }, texts.map(rejectOf));
      }
      for (const limit of [1, 7, 46, 200]) {
        expect(await allOf(job, limit)).toEqual([...texts.toReversed(), ...texts.toReversed()]);
      }
      expect((await at(job, '?stream=orders&limit=200')).body.rejects).toHaveLength(23);
      expect((await at(job, '?stream=none')).body.rejects).toEqual([]);
      await api.post(`/v1/jobs/${id}/cancel`);
      await api.job(id, ({ state }) => state === 'cancelled');
    });
  });

  it('come in pages of about a MiB, however large the records are', async () => {
    const job = await ended(RESTORE, settingAside(9));
    const large = Array.from({ length: 9 }, (_, i) => `${i}`.padEnd(400_000, 'x'));
    await setAside(job, { stream: 'contacts', partition: '0', index: 0 }, large.map(rejectOf));
    const { body } = await at(job, '?limit=200');
    expect(body.rejects).toHaveLength(3);
    expect(await allOf(job, 200)).toEqual(large.toReversed());
  });

  it('are refused by name where the store that is reached does not hold them', async () => {
    const job = await ended(RESTORE, settingAside(2));
    const { status, body } = await api.get<Problem>(`/v1/jobs/${job.id}/rejects`);
    expect([status, body.code]).toEqual([502, 'object_missing']);
  });

  it('are refused by name where the store cannot be reached', async () => {
    const job = await ended(RESTORE, settingAside(2));
    for (const [code, status] of [
      ['source_unreachable', 503],
      ['config_invalid', 503],
      ['connection_unknown', 404],
    ] as const) {
      const failing = apiOn(base.temporal, {
        stores: () => {
          throw new LonghaulError(code, 'as it is');
        },
      });
      const answer = await failing.get<Problem>(`/v1/jobs/${job.id}/rejects`);
      expect([answer.status, answer.body.code, answer.body.detail]).toEqual([status, code, 'as it is']);
    }
  });

  it.each([
    ['?limit=0', 400, 'request_invalid'],
    ['?limit=201', 400, 'request_invalid'],
    ['?cursor=nonsense', 400, 'request_invalid'],
    [
      `?cursor=${Buffer.from('{"head":"","part":{"path":"rejects/../../x","sha256":"","seq":0},"left":1}').toString('base64url')}`,
      400,
      'request_invalid',
    ],
    ['?colour=red', 400, 'request_invalid'],
  ])('refuse %s', async (query, status, code) => {
    const answer = await api.get<Problem>(`/v1/jobs/${queued.id}/rejects${query}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('of an unknown job are unknown', async () => {
    expect(await api.get<Problem>('/v1/jobs/none/rejects')).toMatchObject({
      status: 404,
      body: { code: 'job_unknown' },
    });
  });

  async function allOf(job: Job, limit: number): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let query = `?limit=${limit}`; query !== '';) {
      const { body } = await at(job, query);
      found.push(...body.rejects.map(({ record }) => record));
      query = body.next === null ? '' : `?limit=${limit}&cursor=${body.next}`;
    }
    return found;
  }
});

describe('the differences of a job', () => {
  const COMPARE = { ...VERIFY, options: { against: { connection: 'crm' } } };
  const counts = { same: 5, added: 3, removed: 1, changed: 0, duplicates: 0 };
  const found: Difference[] = [
    { kind: 'added', stream: 'contacts', key: ['1', null], records: 1 },
    { kind: 'removed', stream: 'contacts', key: ['2', 'ü'], records: 1 },
    { kind: 'duplicate', stream: 'orders', key: [], records: 2, side: 'against', record: '{"a"' },
  ];
  const at = <T = DifferencePage>(id: string, query = '') => api.get<T>(`/v1/jobs/${id}/differences${query}`);

  it('come in pages with the counts of all', async () => {
    const { id } = await ended(COMPARE, { streams: {} });
    await leave(id);
    const { status, body } = await at(id);
    expect([status, body]).toEqual([200, { differences: found, next: null, counts, listed: 3 }]);
    expect((await at(id, '?stream=orders')).body.differences).toEqual(found.slice(2));
    const paged: Difference[] = [];
    for (let query = '?limit=1'; query !== '';) {
      const page = (await at(id, query)).body;
      paged.push(...(page.differences as Difference[]));
      query = page.next === null ? '' : `?limit=1&cursor=${page.next}`;
    }
    expect(paged).toEqual(found);
    expect((await at<Problem>(id, '?cursor=x')).body.code).toBe('request_invalid');
    expect((await at<Problem>(id, '?limit=1001')).status).toBe(400);
  });

  it('are refused by name where the store that is reached does not hold them', async () => {
    const { id } = await ended(COMPARE, { streams: {} });
    expect(await at<Problem>(id)).toMatchObject({ status: 502, body: { code: 'object_missing' } });
  });

  it('are none of a job that compares nothing, or that has not ended', async () => {
    for (const [body, why] of [
      [VERIFY, 'it compares nothing'],
      [BACKUP, 'it compares nothing'],
      [COMPARE, 'it is queued'],
    ] as const) {
      const { id } = await api.start(body);
      const { status, body: problem } = await at<Problem>(id);
      expect([status, problem.detail]).toEqual([409, `The job has no differences: ${why}.`]);
      await api.post(`/v1/jobs/${id}/cancel`);
    }
  });

  /** As a comparison does. */
  async function leave(id: string): Promise<void> {
    const parts = ['contacts', 'orders'].map((name) => ({ stream: name, path: partPath('w', name, 0) }));
    for (const part of parts) {
      const lines = found
        .filter((each) => each.stream === part.stream)
        .map((each) => `${JSON.stringify(each)}\n`);
      await store.put(`${jobFolder(id)}/${part.path}`, Buffer.from(lines.join('')));
    }
    const index = {
      work: 'w',
      counts,
      bytes: 1,
      notes: [],
      listed: found.length,
      parts: parts.map((part) => ({ ...part, differences: 1 })),
    };
    await store.put(`${jobFolder(id)}/${INDEX}`, Buffer.from(JSON.stringify(indexSchema.parse(index))));
  }
});

describe('the files of a job', () => {
  let job: Job;
  beforeAll(async () => {
    job = await sealedJob();
  });

  const files = (query = '', of = job) => api.get<FilePage>(`/v1/jobs/${of.id}/files${query}`);
  const stored = (name: string) => readFile(path.join(root, 'nightly', job.id, name));
  const raw = (url: string, init: RequestInit = {}) => api.app.request(url, init);
  const segmentOf = async () => (await files()).body.files.find((file) => file.path.endsWith('.jsonl.zst'))!;

  it('are those of the archive, in pages', async () => {
    const { status, body } = await files();
    expect(status).toBe(200);
    expect(body.files.map((file) => file.path.replace(/-[0-9a-f]{16}\./, '.'))).toEqual([
      'manifest.json',
      'report.json',
      'segments.jsonl',
      'contacts/0/000000.jsonl.zst',
      'contacts/0/000001.jsonl.zst',
      'contacts/1/000000.jsonl.zst',
      expect.stringMatching(/^orders--[0-9a-f]{32}\/0\/000000.csv.zst$/),
    ]);
    for (const limit of [1, 2, 3, 4, 6]) {
      const paged: unknown[] = [];
      for (let query = `?limit=${limit}`; query !== '';) {
        const page = (await files(query)).body;
        expect(page.files.length).toBeLessThanOrEqual(limit);
        paged.push(...page.files);
        query = page.next === null ? '' : `?limit=${limit}&cursor=${page.next}`;
      }
      expect(paged).toEqual(body.files);
    }
  });

  it('are each downloaded at their url, byte for byte, with a hash of it', async () => {
    for (const file of (await files()).body.files) {
      for (const url of [file.url, file.url.replace(/\?.*/, '')]) {
        const response = await raw(url);
        const bytes = Buffer.from(await response.arrayBuffer());
        expect(response.status).toBe(200);
        expect(bytes.equals(await stored(file.path))).toBe(true);
        expect(hashOf(bytes)).toBe(file.sha256);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          'content-length': String(file.bytes),
          'accept-ranges': 'bytes',
          etag: `"${file.sha256}"`,
          'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
          'content-disposition': `attachment; filename="${path.basename(file.path)}"`,
          'x-content-type-options': 'nosniff',
        });
      }
    }
  });

  it.each([
    ['manifest.json', 'application/json'],
    ['segments.jsonl', 'application/x-ndjson'],
  ])('say what %s is', async (name, type) => {
    const { status, headers } = await api.get(`/v1/jobs/${job.id}/files/${name}`);
    expect([status, headers.get('content-type')]).toEqual([200, type]);
  });

  it('are given from any byte on', async () => {
    const { url, path: name, bytes: size, sha256 } = await segmentOf();
    const whole = await stored(name);
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=10-19', 10, 20],
      [`bytes=${size - 1}-`, size - 1, size],
      ['bytes=-7', size - 7, size],
      ['bytes=5-999999999', 5, size],
    ] as const) {
      const response = await raw(url, { headers: { range, 'if-range': `"${sha256}"` } });
      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${size}`);
      expect(response.headers.get('content-length')).toBe(String(end - start));
      expect(Buffer.from(await response.arrayBuffer()).equals(whole.subarray(start, end))).toBe(true);
    }
  });

  it('are given whole where the range is of another file, of several parts, or no range', async () => {
    const { url, bytes } = await segmentOf();
    for (const asked of [
      [
        ['range', 'bytes=1-2'],
        ['if-range', '"other"'],
      ],
      [['range', 'bytes=1-2,4-5']],
      [['range', 'lines=1-2']],
    ] as [string, string][][]) {
      const headers = Object.fromEntries(asked);
      const response = await raw(url, { headers });
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, bytes]);
    }
  });

  it('say how long they are to whoever asks for more', async () => {
    const { url, bytes } = await segmentOf();
    const { status, headers, body } = await api.get<Problem>(url, { range: `bytes=${bytes}-` });
    expect([status, body.code]).toEqual([416, 'range_unsatisfiable']);
    expect(headers.get('content-range')).toBe(`bytes */${bytes}`);
  });

  it('are not sent to whoever has them', async () => {
    const { url, sha256 } = await segmentOf();
    const response = await raw(url, {
      headers: { 'if-none-match': `"x", W/"${sha256}"`, range: 'bytes=0-1' },
    });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([
      304,
      '',
      `"${sha256}"`,
    ]);
  });

  it('answer HEAD with the headers of the whole and no body', async () => {
    const { url, bytes } = await segmentOf();
    const response = await raw(url, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe(String(bytes));
  });

  it('are found however their slashes are written', async () => {
    const { path: name, bytes } = await segmentOf();
    const response = await raw(`/v1/jobs/${job.id}/files/${encodeURIComponent(name)}`);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, bytes]);
  });

  it('do not hold anything else of the store, whatever the path is', async () => {
    await writeFile(path.join(root, 'nightly', job.id, 'secret.txt'), 'secret');
    await writeFile(path.join(root, 'secret.txt'), 'secret');
    for (const name of [
      'secret.txt',
      '..%2f..%2fsecret.txt',
      '..%5c..%5csecret.txt',
      'contacts/0/..%2f..%2fsecret.txt',
      'manifest.json%00',
      '%2fetc%2fpasswd',
      'contacts',
      'contacts/0',
      '%ff',
    ]) {
      const { status, body } = await api.get<Problem>(`/v1/jobs/${job.id}/files/${name}`);
      expect(`${name} ${status} ${body.code}`).toBe(`${name} 404 file_unknown`);
    }
  });

  it('refuse a place that is none, and other methods', async () => {
    const path_ = `/v1/jobs/${job.id}/files/manifest.json`;
    expect((await api.get<Problem>(`${path_}?place=x`)).status).toBe(400);
    const { status, headers } = await api.post<Problem>(path_, {});
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('are refused by name where the store holds something else', async () => {
    const own = await sealedJob();
    const all = (await files('', own)).body.files;
    const [first, second] = all.filter((file) => file.path.endsWith('.jsonl.zst'));
    await store.remove(`nightly/${own.id}/${first!.path}`);
    await store.put(`nightly/${own.id}/${second!.path}`, Buffer.from('short'));
    expect(await api.get<Problem>(first!.url)).toMatchObject({
      status: 502,
      body: { code: 'object_missing' },
    });
    expect(await api.get<Problem>(second!.url)).toMatchObject({
      status: 502,
      body: { code: 'archive_damaged' },
    });
    await store.removeAll(`nightly/${own.id}`);
    expect(await api.get<Problem>(`/v1/jobs/${own.id}/files`)).toMatchObject({
      status: 404,
      body: { code: 'archive_missing' },
    });
  });

  it('are none of a job that has not completed, or that writes none', async () => {
    const { id } = await api.start(BACKUP);
    const early = await api.get<Problem>(`/v1/jobs/${id}/files`);
    expect([early.status, early.body.code, early.body.detail]).toEqual([
      409,
      'job_state_conflict',
      'The job has no files: it is queued.',
    ]);
    expect((await api.get<Problem>(`/v1/jobs/${id}/files/manifest.json`)).status).toBe(409);
    await api.post(`/v1/jobs/${id}/cancel`);
    const verify = await ended(VERIFY, { streams: {} });
    expect((await files('', verify)).body).toEqual({ files: [], next: null });
  });

  /** A completed backup, and the archive that it would have written. */
  async function sealedJob(): Promise<Job> {
    const done = await ended(BACKUP, { streams: {} });
    const part = (
      name: string,
      partition: string,
      index: number,
      flushes: ReturnType<typeof jsonPage>[][],
    ) => ({
      target: { stream: name, partition, index },
      flushes,
    });
    await sealIn(
      root,
      {
        streams: [stream('contacts'), stream('Orders', 'csv')],
        parts: [
          part('contacts', '0', 0, [[jsonPage(...someRecords(20))], [jsonPage('{"id":2}', '{"id":3}')]]),
          part('contacts', '1', 1, [[jsonPage('{"id":4}')]]),
          part('Orders', '0', 2, [[csvPage('1,a')]]),
        ],
      },
      { path: `nightly/${done.id}`, jobId: done.id },
    );
    return done;
  }
});

describe('a download that nobody takes', () => {
  const SIZE = 1_073_741_824;
  const PIECE = Buffer.alloc(262_144);

  it('asks the store for no more than the connection holds, and lets go of it when the client is gone', async () => {
    const job = await ended(BACKUP, { streams: {} });
    const part = { target: { stream: 'contacts', partition: '0', index: 0 }, flushes: [[jsonPage('{}')]] };
    const place = { path: `nightly/${job.id}`, jobId: job.id };
    await sealIn(root, { streams: [stream('contacts')], parts: [part] }, place);
    let [given, closed] = [0, false];
    const endless: Store = {
      ...store,
      stat: async (name) => ({ path: name, size: name.endsWith('segments.jsonl') ? SIZE : 1 }),
      read: (name, range) => (name.endsWith('segments.jsonl') ? pieces() : store.read(name, range)),
    };
    async function* pieces() {
      try {
        for (; given < SIZE; given += PIECE.length) yield PIECE;
      } finally {
        closed = true;
      }
    }
    const { app } = apiOn(base.temporal, { stores: () => endless });
    const serving = await serve(app.fetch, { host: '127.0.0.1', port: 0, hasKeys: false });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        httpGet(`${serving.url}/v1/jobs/${job.id}/files/segments.jsonl`, resolve).on('error', reject);
      });
      expect(response.statusCode).toBe(200);
      expect(response.headers['content-length']).toBe(String(SIZE));
      // Nothing is read here: what the sockets take is all that is asked for.
      let before = -1;
      await until('the store is left alone', () => before === given || ((before = given), false), {
        everyMs: 300,
      });
      expect(given).toBeGreaterThan(0);
      expect(given).toBeLessThan(64_000_000);
      expect(closed).toBe(false);
      response.destroy();
      await until('the store is let go', () => closed);
    } finally {
      await serving.close();
    }
  });
});

describe('retry of the rejects', () => {
  const retry = <T = Job>(id: string, body: unknown = { rejects: true }) =>
    api.post<T>(`/v1/jobs/${id}/retry`, body);

  it('starts one new restore of them, however often it is called', async () => {
    const job = await ended(RESTORE, settingAside(3));
    const answers = await Promise.all(Array.from({ length: 4 }, () => retry(job.id)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const [{ status, headers, body: again }] = answers as [(typeof answers)[0]];
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${again.id}`);
    expect(again).toMatchObject({
      kind: 'restore',
      state: 'queued',
      sink: RESTORE.sink,
      options: RESTORE.options,
    });
    expect(again.source).toEqual({ ...RESTORE.source, rejectsOf: job.id });
    expect(again.id).not.toBe(job.id);
    await withWorker(base.temporal, bundle, settingAside(0), () =>
      api.job(again.id, ({ state }) => state === 'completed'),
    );
    expect((await retry(job.id)).body).toMatchObject({ id: again.id, state: 'completed' });
  });

  it('goes on with what the new one has set aside itself', async () => {
    const job = await ended(RESTORE, settingAside(3));
    const second = (await retry(job.id)).body;
    await withWorker(base.temporal, bundle, settingAside(2), () =>
      api.job(second.id, ({ state }) => state === 'completed'),
    );
    const third = (await retry(job.id)).body;
    expect(third.source).toEqual({ ...RESTORE.source, rejectsOf: second.id });
    expect((await retry(second.id)).body.id).toBe(third.id);
    await api.post(`/v1/jobs/${third.id}/cancel`);
  });

  it('takes those of a restore that failed, and leaves its keys behind', async () => {
    const script: Script = {
      streams: { contacts: [10] },
      chunk: (input) => {
        const checkpoint = advance(input, 1, false);
        const tallies = { ...checkpoint.tallies, rejects: 4 };
        return fails(new LonghaulError('rejects_exceeded', 'too many'), { ...checkpoint, tallies });
      },
    };
    const job = await ended(
      { ...RESTORE, source: { ...RESTORE.source, keys: { from: [5] } } },
      script,
      'failed',
    );
    const { body: again } = await retry(job.id);
    expect(again.source).toEqual({ ...RESTORE.source, rejectsOf: job.id });
    await api.post(`/v1/jobs/${again.id}/cancel`);
  });

  it.each([
    ['a restore that has none', RESTORE, settingAside(0), 'it has set nothing aside'],
    ['a backup', { ...BACKUP, options: RESTORE.options }, settingAside(3), 'it is a backup'],
  ])('is refused for %s', async (_, body, script, why) => {
    const job = await ended(body, script);
    const { status, body: problem } = await retry<Problem>(job.id);
    expect([status, problem.code]).toEqual([409, 'job_state_conflict']);
    expect(problem.detail).toBe(`Cannot retry the rejects of the job: ${why}.`);
  });

  it('is refused while the job runs, and for bodies that say something else', async () => {
    const { id } = await api.start(RESTORE);
    expect((await retry<Problem>(id)).body.detail).toContain('it is queued');
    expect((await retry<Problem>(id, { reject: true })).body).toMatchObject({
      code: 'request_invalid',
      errors: [{ path: 'reject', message: 'unknown key; did you mean rejects? allowed: rejects' }],
    });
    expect((await retry<Problem>(id, '{')).status).toBe(400);
    const text = await api.post<Problem>(`/v1/jobs/${id}/retry`, '{"rejects":true}', {
      'content-type': 'text/plain',
    });
    expect([text.status, text.body.code]).toEqual([415, 'request_invalid']);
    await api.post(`/v1/jobs/${id}/cancel`);
  });
});
