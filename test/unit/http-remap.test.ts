// References between records whose keys the target gives anew: each is renewed, whatever is killed, and nothing else changes.
import { afterEach, describe, expect, test } from 'vitest';
import { ChunkError } from '../../src/activities/failures.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import { openApiJob, type ApiJob, type ApiJobOptions } from '../support/api-job.js';
import { memberOf } from '../support/raw-json.js';

const BIG = 9_007_199_254_740_993n;
const accountId = (i: number): string => String(BIG + BigInt(i));
const ACCOUNTS = Array.from({ length: 20 }, (_, i) => `{ "id" : ${accountId(i)}, "name":"a${i}" }`);
const CONTACTS = Array.from(
  { length: 40 },
  (_, i) =>
    `{"z":1.10, "account_id" :${accountId(i % 20)} ,"id":"c${i}","deep":{"account_id":${accountId(i)}}}`,
);
const REMAP = { 'contacts.account_id': 'accounts.id' };
const ALONE = { limits: { concurrency: 1 } };
const newId = (collection: string, n: number): string =>
  collection === 'accounts' ? `"A-${n}"` : String(n + 70_000);

let job: ApiJob;
afterEach(() => job?.dispose());

async function open(options: Partial<ApiJobOptions> = {}): Promise<ApiJob> {
  job = await openApiJob({
    records: { contacts: CONTACTS, accounts: ACCOUNTS },
    connection: ALONE,
    target: { newId },
    ...options,
    sink: { remap: REMAP, ...options.sink },
  });
  return job;
}

/** Each contact as it was, but for the one reference, which leads to the account that it led to. */
function expectRenewed(contacts: readonly string[] = CONTACTS): void {
  const accounts = [...job.target.collection('accounts')].map(([now, text]) => [memberOf(text, 'id'), now]);
  const renewed = new Map(accounts as [string, string][]);
  const expected = contacts.map((contact) => {
    const old = memberOf(contact, 'account_id')!;
    return contact.replace(`"account_id" :${old}`, `"account_id" :${renewed.get(old) ?? old}`);
  });
  expect(job.target.texts('contacts').toSorted()).toEqual(expected.toSorted());
}

describe('a reference', () => {
  test('is renewed by the key that the target gave, after the stream that it leads to', async () => {
    await open();
    expect(await job.restore()).toMatchObject({ records: 60 });
    expect(job.target.texts('accounts')).toEqual(ACCOUNTS);
    expectRenewed();
    const paths = job.target.requests.map(({ path }) => path);
    expect(paths.lastIndexOf('/accounts')).toBeLessThan(paths.indexOf('/contacts'));
  });

  test('is renewed where keys are in batches of answers, at the places that the config says', async () => {
    const batch = { size: 7, records: 'data', answers: 'data' };
    const write = { accounts: { batch, newKey: 'id' }, contacts: { batch } };
    await open({ write, target: { newId, place: 'data' } });
    expect(await job.restore()).toMatchObject({ records: 60 });
    expectRenewed();
  });

  test('goes into the path, too', async () => {
    const write = { contacts: { path: '/contacts?account={account_id}' } };
    await open({ write });
    await job.restore();
    expect(job.target.requests.at(-1)!.path).toBe('/contacts?account=A-19');
  });

  test('that is null or not there stays so', async () => {
    const contacts = ['{"account_id" :null,"id":1}', '{"id":2}', '3'];
    await open({ records: { contacts, accounts: ACCOUNTS } });
    await job.restore();
    expect(job.target.texts('contacts')).toEqual(contacts);
  });

  test('is renewed in each of several fields, of several streams', async () => {
    const records = {
      accounts: ['{"id":1}', '{"id":2}'],
      owners: ['{"id":"o","account":2}'],
      contacts: ['{"b":"o","id":1,"a":1,"c":2}'],
    };
    const remap = {
      'contacts.a': 'accounts.id',
      'contacts.b': 'owners.id',
      'contacts.c': 'accounts.id',
      'owners.account': 'accounts.id',
    };
    await open({ records, sink: { remap } });
    await job.restore();
    expect(job.target.texts('owners')).toEqual(['{"id":"o","account":"A-1"}']);
    expect(job.target.texts('contacts')).toEqual(['{"b":70000,"id":1,"a":"A-0","c":"A-1"}']);
  });
});

describe('a reference to nothing that the target knows', () => {
  const contacts = ['{"account_id" :77,"id":1}', CONTACTS[0]!, '{"account_id" :{"id":1},"id":3}'];

  test('makes its record a reject', async () => {
    await open({ records: { contacts, accounts: ACCOUNTS }, sink: { rejects: true } });
    expect(await job.restore()).toMatchObject({ records: 21 });
    const [last, first] = await job.rejects();
    expect([first?.code, last?.code]).toEqual(['reference_unknown', 'reference_unknown']);
    expect(first?.message).toBe(
      'contacts.account_id refers to a record of accounts for which the target has made no key: 77',
    );
    expectRenewed([CONTACTS[0]!]);
  });

  test('ends the job by its place where no record may be set aside', async () => {
    await open({ records: { contacts, accounts: ACCOUNTS } });
    await expect(job.restore()).rejects.toMatchObject({
      cause: {
        code: 'reference_unknown',
        message:
          'contacts.account_id refers to a record of accounts for which the target has made no key (record 1 of partition 0)',
      },
    });
  });

  test('is found when what was set aside is tried again in another job', async () => {
    let mended = false;
    const refuses = (record: string) => (!mended && /"name":"a(3|4)"/.test(record) ? 422 : null);
    await open({ target: { newId, refuses }, sink: { rejects: true } });
    expect(await job.restore()).toMatchObject({ records: 54 });
    expect((await job.rejects()).map(({ code }) => code).toSorted()).toEqual([
      ...Array.from({ length: 2 }, () => 'record_refused'),
      ...Array.from({ length: 4 }, () => 'reference_unknown'),
    ]);
    mended = true;
    expect(await job.restore(job.again({ rejects: false }))).toMatchObject({ records: 6 });
    expectRenewed();
  });
});

describe('new keys', () => {
  const lost = (fault: ReturnType<ApiJob['target']['addFault']>) => fault.lose();
  const wrong = (fault: ReturnType<ApiJob['target']['addFault']>) => fault.lie(500);

  test.for([
    ['lost', lost],
    ['wrong', wrong],
  ] as const)('are right whichever answer is %s', { timeout: 60_000 }, async ([, script]) => {
    const records = { accounts: ACCOUNTS.slice(0, 18), contacts: CONTACTS.slice(0, 18) };
    for (let at = 0, more = true; more; at += 1) {
      await open({ records });
      script(job.target.addFault().after(at));
      more = await survives();
      expectRenewed(records.contacts);
      await job.dispose();
    }
    await open();
    expect.hasAssertions();
  });

  test('that do not come are asked for by name, as a fault of the config', async () => {
    await open({ write: { accounts: { newKey: 'meta.key' } } });
    const error = await job.restore().catch((thrown: unknown) => thrown as ChunkError);
    expect(error).toMatchObject({
      cause: {
        code: 'response_invalid',
        message: expect.stringContaining('no text or number at meta.key'),
        hint: expect.stringContaining('`newKey`'),
      },
    });
  });

  test.for<[string, string, string]>([
    ['no JSON', 'hello', 'something other than JSON'],
    ['too few', '[]', '0 answers to 20 records'],
    ['no array', '{"data":[]}', 'no array'],
  ])('are not guessed where a batch is answered with %s', async ([, body, found]) => {
    await open({ write: { accounts: { batch: { size: 20 } } } });
    job.target.addFault().status(200, {}, body);
    await expect(job.restore()).rejects.toMatchObject({
      cause: { code: 'response_invalid', message: expect.stringContaining(found) },
    });
  });
});

describe('a remap that cannot be', () => {
  const refusals = [
    [
      'a stream that is not there',
      { 'people.account_id': 'accounts.id' },
      'stream_unknown',
      'people.account_id names no stream',
    ],
    [
      'a target that is not there',
      { 'contacts.account_id': 'firms.id' },
      'stream_unknown',
      'firms.id names no stream',
    ],
    [
      'a field that is not there',
      { 'contacts.acount_id': 'accounts.id' },
      'spec_invalid',
      'stream contacts have no field acount_id',
    ],
    [
      'a field that is not the key',
      { 'contacts.account_id': 'accounts.name' },
      'spec_invalid',
      'name is not the key of stream accounts (id)',
    ],
    [
      'a stream that refers to itself',
      { 'contacts.account_id': 'contacts.id' },
      'spec_invalid',
      'contacts.account_id refers to its own stream',
    ],
    ['a circle', { ...REMAP, 'accounts.name': 'contacts.id' }, 'spec_invalid', 'refers back to'],
  ] as const;
  test.for(refusals)('is refused before anything is written: %s', async ([, remap, code, message]) => {
    await open({ sink: { remap } });
    await expect(job.restore()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(job.target.requests).toEqual([]);
  });

  test('is refused where a stream that is referred to is left out', async () => {
    await open();
    const own = job.sink();
    const source = job.source(own);
    const sides = {
      source: { ...source, streams: (ctx: never) => source.streams(ctx, ['contacts']) },
      sink: own,
      limits: {},
    };
    await expect(job.restore(sides)).rejects.toMatchObject({
      code: 'stream_unknown',
      message: 'options.remap: stream accounts is not restored',
    });
  });
});

/** To the end of all partitions, over the failure that may come; says whether one came. */
async function survives(): Promise<boolean> {
  let failed = false;
  for (const work of await job.plan()) {
    let checkpoint: Checkpoint | null = null;
    while (!checkpoint?.done) {
      const run = job.chunk({ ...work, checkpoint }).run();
      const ended = await run.catch((error: unknown) => {
        if (!(error instanceof ChunkError)) throw error;
        failed = true;
        return error;
      });
      ({ checkpoint } = ended);
    }
  }
  return failed;
}
