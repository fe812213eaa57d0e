// An archive comes back into a REST API that gives its own keys and loses answers now and then, over workers that are
// killed: each record is there once, its references lead to the new keys, and every other byte is as it was.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpConnection } from '../../src/config/http.js';
import type { JobSpec } from '../../src/core/spec.js';
import { firstDifference } from '../support/difference.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { startFakeTarget, type FakeTarget, type FakeTargetOptions } from '../support/fake-target.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance, type Problem } from '../support/harness.js';
import { kill } from '../support/processes.js';
import { memberOf } from '../support/raw-json.js';
import { someRecord, someRecords } from '../support/records.js';

const ACCOUNTS = someRecords(1_500);
/** Each refers to an account, beside members that look alike. */
const referring = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const account = memberOf(ACCOUNTS[(i * 7) % ACCOUNTS.length]!, 'id');
    return someRecord(i).replace(
      '{',
      `{ "account_id" : ${account} ,"deep_account":{"account_id":${account}},`,
    );
  });
const RECORDS = { accounts: ACCOUNTS, contacts: referring(12_000), orders: referring(1_500) };
type Name = keyof typeof RECORDS;
const NAMES = Object.keys(RECORDS) as Name[];

/** Beyond 2^53, and unlike the keys that came. */
const newId = (_collection: string, n: number): string => String(9_300_000_000_000_000_000n + BigInt(n));
const REMAP = { 'contacts.account_id': 'accounts.id', 'orders.account_id': 'accounts.id' };
const LOSES_EVERY = 61;

let source: FakeApi;
let longhaul: LonghaulInstance;
let archive: string;
const targets: Record<'killed' | 'paused' | 'picky', FakeTarget> = {} as never;

beforeAll(async () => {
  source = await startFakeApi({ records: RECORDS });
  targets.killed = await start({ newId, losesEvery: LOSES_EVERY });
  targets.paused = await start({ knowsKeys: false });
  const refuses = (record: string) => (/"n":\d*77,/.test(record) ? 422 : null);
  targets.picky = await start({ newId, refuses });
  longhaul = await startLonghaul({
    connections: {
      source: source.connection('json_link', { pageSize: 500 }),
      ...Object.fromEntries(Object.entries(targets).map(([name, { url }]) => [name, connectionTo(url)])),
      unwritten: source.connection('json_link'),
    },
  });
  const backup = { kind: 'backup', source: { connection: 'source' }, sink: { connection: 'vault' } } as const;
  archive = (await longhaul.run(backup)).archive!.replace(/^vault\//, '');
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  for (const target of Object.values(targets)) await target.close();
  await source?.close();
}, 60_000);

const start = (options: FakeTargetOptions) => startFakeTarget({ place: 'data', ...options });

function connectionTo(baseUrl: string): HttpConnection {
  const read = { records: 'data', paginator: { type: 'single_page' } } as const;
  const write = { method: 'POST', batch: { size: 50, records: 'data', answers: 'data' } } as const;
  const stream = (path: string, more: object) => ({ path, ...read, write: { ...write, path, ...more } });
  const one = { batch: undefined };
  const streams = {
    accounts: stream('/accounts', one),
    contacts: stream('/contacts', {}),
    orders: stream('/orders', one),
  };
  return { type: 'http', baseUrl, limits: { concurrency: 3 }, streams };
}

function restore(connection: string, options: object): JobSpec {
  return { kind: 'restore', source: { connection: 'vault', archive }, sink: { connection }, options };
}

describe('a worker', { timeout: START_TIMEOUT_MS }, () => {
  test('killed with SIGKILL again and again loses no record, doubles none, and mistakes no key', async () => {
    const { killed: target } = targets;
    let hold = target.hold(200);
    const job = await longhaul.post(restore('killed', { remap: REMAP }));
    for (const more of [700, 400, 300, 900]) {
      await hold.reached();
      const [worker] = await longhaul.workerPids();
      const requests = target.requests.length;
      await kill(worker!);
      const next = target.hold(more);
      hold.release();
      await target.waitFor(requests + 1);
      hold = next;
    }
    await hold.reached();
    hold.release();
    const ended = await longhaul.ended(job.id);
    expect(ended).toMatchObject({ state: 'completed', result: { records: 15_000 } });
    expectRestored(target);
    const { requests } = target;
    expect(requests.filter(({ repeated }) => repeated).length).toBeGreaterThan(requests.length / LOSES_EVERY);
    expect(requests.filter(({ status }) => status === 422)).toEqual([]);
  });
});

test('a job that is paused and resumed sends no record twice, even to an API that knows no keys', async () => {
  const { paused: target } = targets;
  const job = await longhaul.post(restore('paused', {}));
  for (const requests of [500, 1_200]) {
    await target.waitFor(requests);
    await longhaul.steer(job.id, 'pause');
    await longhaul.waitFor(job.id, 'it is paused', ({ state }) => state === 'paused');
    await longhaul.steer(job.id, 'resume');
  }
  expect(await longhaul.ended(job.id)).toMatchObject({ state: 'completed', result: { records: 15_000 } });
  expect(target.requests).toHaveLength(1_500 + 1_500 + 12_000 / 50);
  for (const name of NAMES)
    expect([name, differenceOf(target.texts(name), RECORDS[name])]).toEqual([name, null]);
});

test('what the API refuses is set aside, and what referred to it, too', async () => {
  const job = await longhaul.run(restore('picky', { remap: REMAP, rejects: { max: 5_000 } }));
  const refused = (name: Name) => RECORDS[name].filter((record) => /"n":\d*77,/.test(record));
  const lost = new Set(refused('accounts').map((record) => memberOf(record, 'id')));
  const orphans = (['contacts', 'orders'] as const).flatMap((name) =>
    RECORDS[name].filter((record) => lost.has(memberOf(record, 'account_id')) && !/"n":\d*77,/.test(record)),
  );
  const rejects = NAMES.flatMap(refused).length + orphans.length;
  expect([lost.size, job.progress.rejects, job.result?.records]).toEqual([15, rejects, 15_000 - rejects]);
});

test('a connection without `write` is refused before the job begins, and a remap that cannot be names why', async () => {
  const { status, body } = await longhaul.call<Problem>('POST', '/v1/jobs', restore('unwritten', {}));
  expect([status, body.code]).toEqual([422, 'connection_unsuitable']);
  const remap = { 'contacts.acount_id': 'accounts.id' };
  const failed = await longhaul.run(restore('paused', { remap }), 'failed');
  expect(failed.error).toMatchObject({
    code: 'spec_invalid',
    message: 'options.remap: the first records of stream contacts have no field acount_id',
  });
});

/** As the source gave them, but for the references at their top. */
function expectRestored(target: FakeTarget): void {
  const accounts = [...target.collection('accounts')].map(
    ([now, text]) => [memberOf(text, 'id')!, now] as const,
  );
  const renewed = new Map(accounts);
  const expected = (record: string) => {
    const old = memberOf(record, 'account_id')!;
    return record.replace(`{ "account_id" : ${old} ,`, `{ "account_id" : ${renewed.get(old)} ,`);
  };
  expect(differenceOf(target.texts('accounts'), ACCOUNTS)).toBeNull();
  expect(differenceOf(target.texts('contacts'), RECORDS.contacts.map(expected))).toBeNull();
  expect(differenceOf(target.texts('orders'), RECORDS.orders.map(expected))).toBeNull();
}

/** In any order. */
function differenceOf(taken: readonly string[], expected: readonly string[]) {
  return firstDifference(taken.toSorted(), expected.toSorted());
}
