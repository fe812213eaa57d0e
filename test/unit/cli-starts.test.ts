// What export, restore, copy, verify and diff ask the API for.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { events, job, json, openCli, type Answer, type CliWithApi } from '../support/cli.js';

let cli: CliWithApi;
beforeEach(async () => {
  cli = await openCli();
});
afterEach(() => cli.close());

const CONNECTIONS = {
  connections: [
    { name: 'crm', type: 'http', roles: ['source'], limits: {}, streams: ['contacts'] },
    { name: 'vault', type: 'file', roles: ['sink'], limits: {}, streams: null },
    { name: 'both', type: 's3', roles: ['source', 'sink'], limits: {}, streams: null },
  ],
};
const run = (line: string) => cli.run(...line.split(' '));
const sent = () => JSON.parse(cli.seen.at(-1)?.body ?? '') as unknown;

describe('export', () => {
  beforeEach(() => {
    cli.answers = [json(200, CONNECTIONS), json(202, job())];
  });

  it('of a source sends what was given', async () => {
    const line =
      'export crm/contacts --to vault/out --format parquet --name march --file-bytes 1000 --page-size 50 ' +
      '--rejects-max 3 --compression none --checkpoint-pages 2 --stream companies';
    expect(await run(line)).toMatchObject({ code: 0, out: ['backup-crm-1'] });
    expect(sent()).toEqual({
      kind: 'export',
      source: { connection: 'crm', streams: ['contacts', 'companies'] },
      sink: { connection: 'vault', prefix: 'out', name: 'march' },
      options: {
        format: 'parquet',
        fileBytes: 1000,
        pageSize: 50,
        compression: 'none',
        rejects: { max: 3 },
        checkpoint: { pages: 2 },
      },
    });
  });

  it('takes a place in a connection that only holds archives for an archive', async () => {
    await run('export vault/nightly/a-1 --to vault --format csv --stream contacts --skip-damaged');
    expect(sent()).toEqual({
      kind: 'export',
      source: { connection: 'vault', archive: 'nightly/a-1', streams: ['contacts'] },
      sink: { connection: 'vault' },
      options: { format: 'csv', skipDamaged: true },
    });
  });

  it('takes a place in a connection that can be both for a stream, unless --archive says it', async () => {
    await run('export both/nightly --to vault --format jsonl');
    expect(sent()).toMatchObject({ source: { connection: 'both', streams: ['nightly'] } });
    cli.answers = [json(202, job())];
    await run('export --archive both/nightly --to vault --format jsonl');
    expect(sent()).toMatchObject({ source: { connection: 'both', archive: 'nightly' } });
  });

  it.each([
    ['export --to vault --format csv', 'nothing to export is named'],
    ['export crm --archive vault/a --to vault --format csv', 'not of both'],
    ['export vault/a vault/b --to vault --format csv', 'one archive'],
    ['export crm --to vault', "required option '--format <name>'"],
    ['export crm --to vault --format xml', 'Allowed choices are jsonl, csv, parquet'],
  ])('refuses `%s`', async (line, message) => {
    const { code, err } = await run(line);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain(message);
    expect(cli.seen.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('ends with its records and files', async () => {
    const result = { records: 7, bytes: 70, storedBytes: 0, segments: 0, files: 2 };
    const done = job({ kind: 'export', state: 'completed', result });
    cli.answers = [json(200, CONNECTIONS), json(202, job()), events(['done', 1, done])];
    const { out } = await run('export crm --to vault --format csv --wait');
    expect(out.slice(1, 4)).toEqual(['  records   7', '  bytes     70 B', '  files     2']);
  });
});

describe('backup on a base', () => {
  it('sends its path in the sink', async () => {
    cli.answers = [json(202, job())];
    await run('backup both/photos --to vault/nightly --base vault/nightly/full');
    expect(sent()).toMatchObject({
      sink: { connection: 'vault', prefix: 'nightly' },
      options: { base: 'nightly/full' },
    });
  });

  it('refuses one in another sink', async () => {
    const { code, err } = await run('backup both --to vault --base both/full');
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('the base both/full is not in vault');
  });
});

describe('archives rm', () => {
  const gone = json(404, { code: 'archive_missing', detail: 'gone', hint: '' });

  it('waits until the archive is gone', async () => {
    cli.answers = [json(202, null), json(202, null), gone];
    expect(await run('archives rm vault/nightly/a-1')).toMatchObject({
      code: 0,
      out: ['removed vault/nightly/a-1'],
    });
    expect(cli.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 3 }, () => 'DELETE /v1/archives/vault/nightly/a-1'),
    );
  });

  it('says that there is none, and what needs it', async () => {
    cli.answers = [gone];
    expect((await run('archives rm vault/a')).code).toBe(2);
    cli.answers = [json(409, { code: 'archive_needed', detail: 'b refers to it', hint: 'wait' })];
    const { code, err } = await run('archives rm vault/a');
    expect([code, err[0]]).toEqual([2, 'error archive_needed: b refers to it']);
  });
});

describe('backup', () => {
  it('sends how many records may be set aside, and says in the end how many were', async () => {
    const done = job({ state: 'completed', progress: { ...job().progress, rejects: 1_200 } });
    cli.answers = [json(202, job()), events(['done', 1, done])];
    const { out } = await run('backup crm --to vault --rejects-max 5000 --wait');
    expect(JSON.parse(cli.seen[0]?.body ?? '')).toMatchObject({ options: { rejects: { max: 5_000 } } });
    expect(out).toContain('  rejects   1,200 (longhaul rejects backup-crm-1)');
  });
});

describe('copy', () => {
  it('sends streams, mode and what may go wrong', async () => {
    cli.answers = [json(202, job())];
    const line = 'copy cloud/photos --to mirror --mode upsert --page-size 50 --rejects-max 2 --lanes 8';
    expect(await run(line)).toMatchObject({ code: 0 });
    expect(sent()).toEqual({
      kind: 'copy',
      source: { connection: 'cloud', streams: ['photos'] },
      sink: { connection: 'mirror', mode: 'upsert' },
      options: { lanes: 8, rejects: { max: 2 }, pageSize: 50 },
    });
  });
});

describe('restore', () => {
  beforeEach(() => {
    cli.answers = [json(202, job())];
  });

  it('sends keys as texts, remaps by field, and what may go wrong', async () => {
    const line =
      'restore vault/a --to crm --stream contacts --key-from 9007199254740993,b --key-to 9 --rejects-max 10 ' +
      '--skip-damaged --remap contacts.account_id=accounts.id --remap contacts.owner=users.id --dry-run';
    expect(await run(line)).toMatchObject({ code: 0 });
    expect(sent()).toEqual({
      kind: 'restore',
      source: {
        connection: 'vault',
        archive: 'a',
        streams: ['contacts'],
        keys: { from: ['9007199254740993', 'b'], to: ['9'] },
      },
      sink: { connection: 'crm' },
      options: {
        rejects: { max: 10 },
        skipDamaged: true,
        remap: { 'contacts.account_id': 'accounts.id', 'contacts.owner': 'users.id' },
        dryRun: true,
      },
    });
  });

  it.each([
    ['restore vault/a --to main --key-from 1', 'pick records of one stream'],
    ['restore vault/a --to main --key-to 1 --stream a --stream b', 'pick records of one stream'],
    ['restore vault/a --to main --remap contacts=accounts', 'is no remap'],
    ['restore vault/a --to main --remap a.b', 'is no remap'],
    ['restore vault/a --to main --rejects-max 1000001', 'from 0 to 1000000'],
  ])('refuses `%s`', async (line, message) => {
    const { code, err } = await run(line);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain(message);
    expect(cli.seen).toEqual([]);
  });
});

describe('verify', () => {
  it.each([
    ['main', { connection: 'main' }],
    ['vault/nightly/b', { connection: 'vault', archive: 'nightly/b' }],
  ])('compares with %s', async (place, against) => {
    cli.answers = [json(202, job())];
    await run(`verify vault/a --against ${place} --stream contacts`);
    expect(sent()).toEqual({
      kind: 'verify',
      source: { connection: 'vault', archive: 'a', streams: ['contacts'] },
      options: { against },
    });
  });

  it.each(['10%', '0.5%', '100%'])('reads a sample of %s', async (sample) => {
    cli.answers = [json(202, job())];
    expect(await run(`verify vault/a --sample ${sample}`)).toMatchObject({ code: 0 });
    expect(sent()).toMatchObject({ kind: 'verify', options: { sample } });
  });

  it.each(['0%', 'abc', '150%', '-5%', '10'])(
    'refuses a sample of %s, with what is allowed',
    async (sample) => {
      const { code, err } = await run(`verify vault/a --sample ${sample}`);
      expect(code).toBe(2);
      expect(err.join('\n')).toContain('Expected a share of more than 0% and at most 100%');
      expect(cli.seen).toEqual([]);
    },
  );
});

describe('diff', () => {
  const counts = { same: 1_204, added: 1, removed: 1, changed: 1, duplicates: 0 };
  const result = { records: 5, bytes: 50, storedBytes: 0, segments: 0, differences: counts };
  const page = {
    counts,
    listed: 25,
    next: '0.20',
    differences: [
      { kind: 'added', stream: 'contacts', key: ['7'], records: 1 },
      { kind: 'removed', stream: 'contacts', key: ['8', null], records: 1 },
      { kind: 'duplicate', stream: 'log', key: [], records: 2, side: 'against', record: '{"a":\u001b[2J1' },
    ],
  };
  const ended = (over: Partial<Job>): Answer => events(['done', 1, job({ kind: 'verify', result, ...over })]);
  const error = { code: 'archive_differs', message: 'it does', hint: 'Look.' } as const;

  it('compares the first with the second, waits, and shows the first differences', async () => {
    cli.answers = [json(202, job()), ended({ state: 'failed', error }), json(200, page)];
    const { code, out, err } = await run('diff vault/a vault/b');
    expect(code).toBe(1);
    expect(JSON.parse(cli.seen[0]?.body ?? '')).toEqual({
      kind: 'verify',
      source: { connection: 'vault', archive: 'a' },
      options: { against: { connection: 'vault', archive: 'b' } },
    });
    expect(out).toEqual([
      '1,204 the same, 1 added, 1 removed, 1 changed',
      'WHAT                 STREAM    KEY              RECORDS',
      'added                contacts  7                1',
      'removed              contacts  8, NULL          1',
      'duplicate (against)  log       {"a":\\u{1b}[2J1  2',
    ]);
    expect(err.at(-1)).toBe('There are more: longhaul differences backup-crm-1');
    expect(err.join('\n')).not.toContain('error');
  });

  it('exits 0 where they are the same', async () => {
    const same = { ...counts, added: 0, removed: 0, changed: 0 };
    cli.answers = [
      json(202, job()),
      ended({ state: 'completed', result: { ...result, differences: same } }),
      json(200, { counts: same, listed: 0, next: null, differences: [] }),
    ];
    expect(await run('diff vault/a vault/b')).toMatchObject({
      code: 0,
      out: ['1,204 the same, 0 added, 0 removed, 0 changed'],
    });
  });

  it('prints job and differences as one document with --json', async () => {
    cli.answers = [json(202, job()), ended({ state: 'failed', error }), json(200, page)];
    const { code, out } = await run('diff vault/a vault/b --json');
    expect(code).toBe(1);
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ job: { state: 'failed' }, counts, listed: 25 });
  });

  it('says why where it could not compare', async () => {
    const damaged = { ...error, code: 'archive_damaged', message: 'segment 3' } as const;
    cli.answers = [json(202, job()), ended({ state: 'failed', error: damaged, result: null })];
    const { code, out, err } = await run('diff vault/a vault/b');
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain('error archive_damaged: segment 3');
  });
});

describe('retry', () => {
  it('asks for a job of the rejects alone, and waits for that one', async () => {
    const other = job({ id: 'rejects-1', kind: 'restore' });
    cli.answers = [json(202, other), events(['done', 1, { ...other, state: 'completed' }])];
    const { code, out } = await run('retry restore-1 --rejects --wait');
    expect(cli.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/jobs/restore-1/retry',
      body: '{"rejects":true}',
    });
    expect(cli.seen[0]?.headers['content-type']).toBe('application/json');
    expect(cli.seen[1]?.path).toBe('/v1/jobs/rejects-1/events');
    expect({ code, first: out[0] }).toEqual({ code: 0, first: 'rejects-1 completed' });
  });
});
