// The typed client against an API that answers as it is told: what is sent, and how it fails.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiError, createClient, type Client } from '../../src/client/index.js';
import { events, job, json, openCli, type Answer, type CliWithApi } from '../support/cli.js';

let api: CliWithApi;
let client: Client;
beforeEach(async () => {
  api = await openCli();
  client = createClient({ url: api.url, token: 'sesame' });
});
afterEach(() => api.close());

const SPEC = { kind: 'backup', source: { connection: 'crm' }, sink: { connection: 'vault' } } as const;
const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as ApiError,
  );

test('shows its key, and sends the spec under the idempotency key', async () => {
  api.answers = [json(202, job())];
  expect(await client.start(SPEC, { idempotencyKey: 'k-1' })).toEqual(job());
  expect(api.seen[0]).toMatchObject({
    method: 'POST',
    path: '/v1/jobs',
    body: JSON.stringify(SPEC),
    headers: { authorization: 'Bearer sesame', 'idempotency-key': 'k-1', 'content-type': 'application/json' },
  });
});

test('asks with what was given, and nothing that was left out', async () => {
  api.answers = [json(200, { jobs: [], next: null })];
  await client.list({ state: 'failed', limit: 5, tenant: undefined });
  await client.list();
  expect(api.seen.map(({ path }) => path)).toEqual(['/v1/jobs?state=failed&limit=5', '/v1/jobs']);
});

test('throws the problem of the API, its faults one by one', async () => {
  const errors = [{ path: 'source.connection', message: 'no such connection' }];
  const problem = { code: 'connection_unknown', detail: 'no such', hint: 'look', status: 422, errors };
  api.answers = [json(422, problem)];
  const error = await failure(client.start(SPEC));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    code: 'connection_unknown',
    message: 'no such',
    status: 422,
    hint: 'look',
    errors,
    isPassing: false,
  });
});

test('says where nothing answers, and why', async () => {
  const error = await failure(createClient({ url: 'http://127.0.0.1:1' }).queue());
  expect(error).toMatchObject({ code: 'api_unreachable', status: null, isPassing: true });
  expect(error?.message).toMatch(/^the API at http:\/\/127\.0\.0\.1:1 does not answer \(/);
});

test('tells an answer of somebody else from the API’s own', async () => {
  api.answers = [json(404, { error: 'nginx' })];
  expect(await failure(client.show('a'))).toMatchObject({ code: 'api_unreachable', status: 404 });
});

test('follows a job through a gap, from the event after the last', async () => {
  const away: Answer = (_, response) => response.destroy();
  const ended = job({ state: 'completed' });
  api.answers = [events(['state', 1, job()]), away, events(['done', 2, ended])];
  const gaps: string[] = [];
  const seen: string[] = [];
  for await (const { event, job } of client.events('a', { onGap: ({ code }) => gaps.push(code) })) {
    seen.push(`${event} ${job.state}`);
  }
  expect({ seen, gaps }).toEqual({ seen: ['state running', 'done completed'], gaps: ['api_unreachable'] });
  expect(api.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1']);
});

/** As the API puts a request off, for no time at all. */
const later: Answer = (_, response) => {
  response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '0' });
  response.end(JSON.stringify({ code: 'requests_exceeded', detail: 'Too many.', status: 429 }));
};

test('sends a request again that was put off, as often as it takes within reason', async () => {
  api.answers = [later, later, json(202, job())];
  expect(await client.start(SPEC)).toEqual(job());
  expect(api.seen.map(({ body }) => body)).toEqual(Array.from({ length: 3 }, () => JSON.stringify(SPEC)));
  api.answers = [later];
  expect(await failure(client.queue())).toMatchObject({ code: 'requests_exceeded', isPassing: true });
  expect(api.seen).toHaveLength(3 + 10);
});

test('does not send again what was refused for another reason', async () => {
  api.answers = [json(429, { code: 'access_keys_exceeded', detail: 'Too many.', status: 429 })];
  expect(await failure(client.queue())).toMatchObject({ code: 'access_keys_exceeded' });
  expect(api.seen).toHaveLength(1);
});

test('ends its events at once when it is told to', async () => {
  api.answers = [events(['state', 1, job()])];
  const stop = new AbortController();
  let seen = 0;
  for await (const _ of client.events('a', { signal: stop.signal })) {
    seen += 1;
    stop.abort();
  }
  expect(seen).toBe(1);
});

test('does not wait for a job that is not there', async () => {
  api.answers = [json(404, { code: 'job_unknown', detail: 'There is no such job.' })];
  expect(await failure(client.events('a').next())).toMatchObject({ code: 'job_unknown' });
  expect(api.seen).toHaveLength(1);
});

test('shows its key to no other host, whatever a list of files says', async () => {
  const file = { path: 'a', bytes: 1, records: null, sha256: '00', url: 'http://127.0.0.1:1/a' };
  expect(await failure(client.download(file))).toMatchObject({ code: 'api_unreachable' });
  expect(api.seen).toEqual([]);
});
