// How records go to an API: what a request looks like, what is refused before any is sent, and what becomes of refusals.
import { afterEach, describe, expect, test } from 'vitest';
import { ChunkError } from '../../src/activities/failures.js';
import { publicConnections } from '../../src/config/public.js';
import type { Config } from '../../src/config/schema.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { batchBody, keyFor, pathFor } from '../../src/connectors/http/target/requests.js';
import { openApiJob, type ApiJob, type ApiJobOptions } from '../support/api-job.js';
import { elementsOf } from '../support/raw-json.js';
import { stream } from '../support/writing.js';
import { testContext } from '../support/reading.js';

const record = (id: number): string => `{"id":${id},"name":"n${id}"}`;
const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => record(from + i));

let job: ApiJob;
afterEach(() => job?.dispose());

async function open(options: Partial<ApiJobOptions> = {}): Promise<ApiJob> {
  return (job = await openApiJob({ records: { contacts: ids(1, 10) }, connection: ALONE, ...options }));
}
const ALONE = { limits: { concurrency: 1 } };
const BATCH = { contacts: { batch: { size: 8 } } };

async function failureOf(run: Promise<unknown>): Promise<ChunkError> {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ChunkError);
  return error as ChunkError;
}

describe('a request', () => {
  test('has the record as its body, its values in the path, and the headers of stream and connection', async () => {
    await open({
      records: { contacts: ['{ "id" : "a/b ü?" , "n" : 1.10 }'] },
      write: { contacts: { method: 'PUT', path: '/contacts/{id}?force=1', idempotencyKey: 'X-Once' } },
      connection: { headers: { 'x-tenant': 'acme' }, auth: { type: 'api_key', key: 'k', in: 'query' } },
    });
    await job.restore();
    const [request] = job.target.requests;
    expect(request).toMatchObject({
      method: 'PUT',
      path: '/contacts/a%2Fb%20%C3%BC%3F?force=1&X-API-Key=k',
      body: '{ "id" : "a/b ü?" , "n" : 1.10 }',
    });
    expect(request!.headers).toMatchObject({ 'content-type': 'application/json', 'x-tenant': 'acme' });
    expect(request!.headers['x-once']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('of many records holds them in an array, at the place that the config says', () => {
    const records = ['{"a":1.10}', '{"b":[2]}'].map((text) => Buffer.from(text));
    expect(batchBody(records, '').toString()).toBe('[{"a":1.10},{"b":[2]}]');
    expect(batchBody(records, 'data.items').toString()).toBe('{"data":{"items":[{"a":1.10},{"b":[2]}]}}');
  });

  test('is known by a key that changes with job, stream, partition and records', () => {
    const parts = ['job', 'contacts', '0', 0, 9];
    expect(keyFor(parts)).toBe(keyFor([...parts]));
    const others = [['j', 'ob', ...parts.slice(1)], ...parts.map((_, i) => parts.with(i, 'x'))];
    expect(new Set([parts, ...others].map(keyFor)).size).toBe(7);
  });

  test.for(['""', '"."', '".."', 'null', '{}', '[1]', String.raw`"\ud800"`])(
    'has no path where the record has %s for a value in it',
    (value) => {
      expect(pathFor('/contacts/{id}', Buffer.from(`{"id":${value}}`))).toBeNull();
      expect(pathFor('/contacts/{id}', Buffer.from('{}'))).toBeNull();
      expect(pathFor('/contacts', Buffer.from(`{"id":${value}}`))).toBe('/contacts');
    },
  );

  test('answered 401 is sent again with a new token, under the same key', async () => {
    const auth = {
      type: 'oauth2_client_credentials',
      tokenUrl: '/oauth/token',
      clientId: 'c',
      clientSecret: 's',
    } as const;
    await open({ target: { token: 'none yet' }, connection: { ...ALONE, auth } });
    job.target.addFault().after(4).status(401);
    await job.restore();
    const [refused, again] = job.target.requests.slice(4);
    expect([refused?.status, again?.status]).toEqual([401, 201]);
    expect(again?.key).toBe(refused?.key);
    expect(again?.headers.authorization).not.toBe(refused?.headers.authorization);
    expect(job.target.texts('contacts')).toEqual(ids(1, 10));
  });
});

describe('mode upsert', () => {
  const upsert = { mode: 'upsert' } as const;

  test('takes the way that the config has for it', async () => {
    const write = { contacts: { upsert: { method: 'PATCH', path: '/contacts/{id}' } } } as const;
    await open({ write, sink: upsert });
    await job.restore().catch(() => undefined);
    expect(job.target.requests[0]).toMatchObject({ method: 'PATCH', path: '/contacts/1' });
  });

  test('replaces what is there by a PUT', async () => {
    await open({ write: { contacts: { method: 'PUT', path: '/contacts/{id}' } }, sink: upsert });
    await job.restore();
    expect(await job.restore()).toMatchObject({ records: 10 });
    expect(job.target.texts('contacts')).toEqual(ids(1, 10));
  });
});

describe('a restore that cannot be', () => {
  const refusals: readonly (readonly [string, Partial<ApiJobOptions>, object])[] = [
    [
      'mode upsert without a way for it',
      { sink: { mode: 'upsert' } },
      {
        code: 'connection_unsuitable',
        message: expect.stringContaining('stream contacts cannot be upserted'),
      },
    ],
    [
      'create',
      { sink: { create: true } },
      { code: 'connection_unsuitable', message: 'connection crm: an API makes no collections' },
    ],
    [
      'a batch at the path of one record',
      { write: { contacts: { batch: { size: 2 }, path: '/contacts/{id}' } } },
      { code: 'config_invalid', message: expect.stringContaining('connections.crm.streams.contacts.write') },
    ],
  ];
  test.for(refusals)('is refused before anything is written: %s', async ([, options, error]) => {
    await open(options);
    await expect(job.restore()).rejects.toMatchObject(error);
    expect(job.target.requests).toEqual([]);
  });

  test('is refused by the name of the stream, for tables in CSV and for what the config does not write', async () => {
    await open();
    const refused = (name: string, encoding: 'csv' | 'jsonl') =>
      job.sink().stages!(testContext(), [stream(name, encoding)]);
    await expect(refused('contacts', 'csv')).rejects.toMatchObject({
      code: 'connection_unsuitable',
      message: expect.stringContaining('stream contacts'),
    });
    await expect(refused('orders', 'jsonl')).rejects.toMatchObject({
      code: 'connection_unsuitable',
      message: 'connection crm: stream orders has no `write` in the config',
    });
  });

  test('is not offered by a connection that writes no stream', () => {
    const read = { path: '/a', records: '', paginator: { type: 'single_page' } } as const;
    const written = { ...read, write: { method: 'POST', path: '/a' } } as const;
    const config = (a: object) => ({ type: 'http', baseUrl: 'http://x.example', streams: { a } });
    const connections = { reads: config(read), writes: config(written) } as unknown as Config['connections'];
    expect(publicConnections({ connections }).map(({ roles }) => roles)).toEqual([
      ['source'],
      ['source', 'target'],
    ]);
    expect(createHttpConnection('reads', connections['reads'] as never).sink).toBeUndefined();
  });
});

describe('a record that the API refuses', () => {
  const refuses = (text: string) => (/"id":(3|4|9),/.test(text) ? 422 : null);
  const TAKEN = [1, 2, 5, 6, 7, 8, 10].map(record);

  test.for([
    ['alone', {}],
    ['in a batch, which is halved until it is found', BATCH],
  ] as const)('%s, is set aside with what the API said, and the others are taken', async ([, write]) => {
    await open({ target: { refuses }, sink: { rejects: true }, write });
    expect(await job.restore()).toMatchObject({ records: 7 });
    expect(job.target.texts('contacts')).toEqual(TAKEN);
    const rejects = await job.rejects();
    expect(rejects.map(({ payload }) => Buffer.concat([...payload!.chunks]).toString()).toSorted()).toEqual(
      [3, 4, 9].map((id) => `${record(id)}\n`),
    );
    const [reject] = rejects;
    expect(reject).toMatchObject({
      code: 'record_refused',
      message: '422: {"error":"refused","status":422}',
    });
  });

  test('for a key that is there is a conflict', async () => {
    await open({ target: { unique: true }, sink: { rejects: true }, patient: true });
    await job.restore();
    const other = job.sink({ job: 'restore-2' });
    const { records } = await job.restore({ source: job.source(other), sink: other, limits: {} });
    const codes = (await job.rejects()).map(({ code }) => code);
    expect([records, codes]).toEqual([0, Array.from({ length: 10 }, () => 'restore_conflict')]);
  });

  test('ends the job where none may be set aside, with its place and without its values', async () => {
    await open({ target: { refuses }, write: { contacts: { method: 'PUT', path: '/contacts/{id}' } } });
    const { cause, checkpoint } = await failureOf(runFirst());
    expect(cause).toMatchObject({
      code: 'record_refused',
      message: 'contacts: PUT /contacts/{id} answered 422 (record 3 of partition 0)',
    });
    expect(checkpoint.sink).toMatchObject({ at: 0, done: 2 });
    expect(job.target.texts('contacts')).toEqual(ids(1, 2));
  });

  test('stays refused when its page is broken off behind it, and is set aside once', async () => {
    await open({ target: { refuses }, sink: { rejects: true } });
    job.target.addFault().after(6).lose();
    const [work] = await job.plan();
    const { checkpoint } = await failureOf(job.chunk(work!).run());
    expect(checkpoint).toMatchObject({ sink: { done: 2 }, tallies: { records: 0, rejects: 0 } });
    const rest = await job.chunk({ ...work!, checkpoint }).run();
    expect(rest.checkpoint.tallies).toMatchObject({ records: 7, rejects: 3 });
    expect(job.target.texts('contacts')).toEqual(TAKEN);
    expect(await job.rejects()).toHaveLength(3);
  });
});

describe('an answer that says nothing of the records', () => {
  test.for([
    [403, 'source_forbidden', 'write this stream'],
    [404, 'source_not_found', 'path in `write`'],
    [405, 'source_refused', 'method and path in `write`'],
    [302, 'source_refused', 'method and path in `write`'],
    [207, 'source_refused', 'leave `batch` out'],
  ] as const)('ends the job: %i', async ([status, code, hint]) => {
    await open({ sink: { rejects: true } });
    job.target.addFault().status(status, { location: '/elsewhere' });
    const { cause } = await failureOf(runFirst());
    expect(cause).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(job.target.requests).toHaveLength(1);
  });

  test('404 is about the record where its key is in the path', async () => {
    await open({ write: { contacts: { method: 'PATCH', path: '/contacts/{id}' } }, sink: { rejects: true } });
    await job.restore();
    expect((await job.rejects()).map(({ code }) => code)).toEqual(
      Array.from({ length: 10 }, () => 'record_refused'),
    );
  });
});

describe('409', () => {
  test('to a request whose answer was lost is asked again until the API is done with it', async () => {
    await open({ patient: true, sink: { rejects: true } });
    job.target.addFault().after(2).lose();
    job.target.addFault().after(2).status(409).times(3);
    await job.restore();
    expect(await job.rejects()).toEqual([]);
    expect(job.target.texts('contacts')).toEqual(ids(1, 10));
    job.target.assertAllFaultsFired();
  });

  test('that comes again and again is believed', async () => {
    await open({ patient: true, sink: { rejects: true }, target: { refuses: () => 409 } });
    await job.restore();
    expect(await job.rejects()).toHaveLength(10);
    expect((await job.rejects())[0]).toMatchObject({ code: 'restore_conflict' });
  });
});

test('an array in raw JSON is taken apart for these tests as it is written', () => {
  expect(elementsOf('[ {"a":[1,2],"b":"],{"} , 3,"x,\\"" ]')).toEqual([
    '{"a":[1,2],"b":"],{"}',
    '3',
    '"x,\\""',
  ]);
});

async function runFirst(): Promise<unknown> {
  const [work] = await job.plan();
  return job.chunk(work!).run();
}
