// The commands against an API that answers as it is told: what is sent, printed and returned.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { events, job, json, openCli, runWith, type CliWithApi } from '../support/cli.js';

let cli: CliWithApi;
beforeEach(async () => {
  cli = await openCli();
});
afterEach(() => cli.close());

const run = (...argv: string[]) => cli.run(...argv);

const completed = job({
  state: 'completed',
  endedAt: '2026-01-31T12:00:43.000Z',
  result: { records: 2_000_000, bytes: 685_000_000, storedBytes: 95_000_000, segments: 42 },
});

describe('restore', () => {
  it('sends the streams and the mode that were given', async () => {
    cli.answers = [json(202, job())];
    const line =
      'restore vault/nightly/a-1 --to main --stream orders --stream shop.items --mode upsert --create --checkpoint-bytes 5';
    expect(await run(...line.split(' '))).toMatchObject({ code: 0, out: ['backup-crm-1'] });
    expect(JSON.parse(cli.seen[0]?.body ?? '')).toEqual({
      kind: 'restore',
      source: { connection: 'vault', archive: 'nightly/a-1', streams: ['orders', 'shop.items'] },
      sink: { connection: 'main', mode: 'upsert', create: true },
      options: { checkpoint: { bytes: 5 } },
    });
  });

  it('ends with its records and notes, and no word of segments', async () => {
    const result = { records: 7, bytes: 70, storedBytes: 0, segments: 0, notes: ['t has no constraint c.'] };
    const sink = { connection: 'main' };
    cli.answers = [events(['done', 1, job({ kind: 'restore', sink, state: 'completed', result })])];
    const { code, out } = await run('watch', 'restore-1');
    expect({ code, text: out.join('\n') }).toEqual({
      code: 0,
      text: expect.stringMatching(/records +7\n +bytes +70 B\n +note +t has no constraint c\./) as string,
    });
  });
});

describe('backup', () => {
  it('sends the options that were given, and no others, and prints the id alone', async () => {
    cli.answers = [json(202, job())];
    const line =
      'backup crm/contacts,companies --to vault/nightly --archive a-1 --lanes 2 --page-size 500 ' +
      '--checkpoint-pages 1 --compression gzip --tenant acme --idempotency-key k-1';
    const { code, out, err } = await run(...line.split(' '));
    expect({ code, out, err }).toEqual({ code: 0, out: ['backup-crm-1'], err: [] });
    expect(cli.seen[0]).toMatchObject({ method: 'POST', path: '/v1/jobs' });
    expect(cli.seen[0]?.headers['idempotency-key']).toBe('k-1');
    expect(JSON.parse(cli.seen[0]?.body ?? '')).toEqual({
      kind: 'backup',
      source: { connection: 'crm', streams: ['contacts', 'companies'] },
      sink: { connection: 'vault', prefix: 'nightly', archive: 'a-1' },
      options: { lanes: 2, pageSize: 500, compression: 'gzip', tenant: 'acme', checkpoint: { pages: 1 } },
    });
  });

  it('prints one JSON document with --json', async () => {
    cli.answers = [json(202, job())];
    const { out } = await run('backup', 'crm', '--to', 'vault', '--json');
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toEqual(job());
  });

  it('shows progress and a summary with --wait', async () => {
    cli.answers = [json(202, job()), events(['progress', 1, job()], ['done', 2, completed])];
    const { code, out, err } = await run('backup', 'crm', '--to', 'vault', '--wait');
    expect(code).toBe(0);
    expect(err.join('\n')).toContain('1,200,000 of 2,000,000 records');
    expect(out).toEqual([
      'backup-crm-1 completed after 42 s',
      '  records   2,000,000',
      '  bytes     653.3 MiB, stored as 90.6 MiB',
      '  segments  42',
      '  archive   vault/backup-crm-1',
    ]);
  });

  it('names the place of each fault when the API refuses the spec', async () => {
    cli.answers = [
      json(422, {
        type: 'about:blank',
        title: 'spec_invalid',
        status: 422,
        code: 'spec_invalid',
        detail: 'the job cannot run',
        hint: 'Correct the fields that the message names.',
        errors: [{ path: 'options.lanes', message: 'at most 64' }],
      }),
    ];
    const { code, out, err } = await run('backup', 'crm', '--to', 'vault');
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toEqual([
      'error spec_invalid: the job cannot run',
      '  options.lanes: at most 64',
      'hint: Correct the fields that the message names.',
    ]);
  });

  it('says a single fault once', async () => {
    const fault = { path: 'sink.connection', message: 'no such connection' };
    const detail = `${fault.path}: ${fault.message}`;
    cli.answers = [
      json(422, { code: 'connection_unknown', detail, hint: 'Look.', status: 422, errors: [fault] }),
    ];
    const { err } = await run('backup', 'crm', '--to', 'vautl');
    expect(err).toEqual([`error connection_unknown: ${detail}`, 'hint: Look.']);
  });

  it('exits 3 where Temporal is not reachable behind the API', async () => {
    cli.answers = [json(503, { code: 'temporal_unreachable', detail: 'no Temporal', hint: 'Start it.' })];
    expect((await run('backup', 'crm', '--to', 'vault')).code).toBe(3);
  });
});

describe('watch', () => {
  it('comes back after a break with the id of the last event, and ends at done', async () => {
    cli.answers = [
      events(['state', 1, job()], ['progress', 7, job()]),
      json(503, { code: 'temporal_unreachable', detail: 'no Temporal' }),
      events(['done', 8, completed]),
    ];
    const { code, out, err } = await run('watch', 'backup-crm-1', '--json');
    expect(code).toBe(0);
    expect(out.map((line) => (JSON.parse(line) as Job).state)).toEqual(['running', 'running', 'completed']);
    expect(cli.seen.map((call) => call.headers['last-event-id'])).toEqual([undefined, '7', '7']);
    expect(err.filter((line) => line.includes('trying again'))).toHaveLength(1);
  });

  it('of a job that fails says why and exits 1', async () => {
    const error = {
      code: 'disk_full',
      message: 'no space',
      hint: 'Free space.',
      stream: 'contacts',
    } as const;
    cli.answers = [events(['done', 1, job({ state: 'failed', error })])];
    const { code, err } = await run('watch', 'backup-crm-1');
    expect(code).toBe(1);
    expect(err).toContain('error disk_full: no space');
    expect(err).toContain('hint: Free space.');
  });

  it('of a job that is cancelled exits 4', async () => {
    cli.answers = [events(['done', 1, job({ state: 'cancelled' })])];
    expect((await run('watch', 'backup-crm-1')).code).toBe(4);
  });

  it('names what a verify job found, and exits 1', async () => {
    const finding = { path: 'contacts/0/1.jsonl.zst', problem: 'damaged', detail: 'sha256 differs' } as const;
    const result = {
      records: 1,
      bytes: 1,
      storedBytes: 1,
      segments: 1,
      findings: [finding],
      findingsTotal: 3,
    };
    cli.answers = [events(['done', 1, job({ kind: 'verify', state: 'completed', result })])];
    const { code, out } = await run('watch', 'verify-1');
    expect(code).toBe(1);
    expect(out).toContain('  damaged   contacts/0/1.jsonl.zst: sha256 differs');
    expect(out).toContain('            and 2 more');
  });

  it('says of a sample how much of how much was read, and that it is no more than that', async () => {
    const read = { segments: 42, records: 84, bytes: 2_097_152, storedBytes: 1_048_576 };
    const of = { segments: 420, records: 840, bytes: 20_971_520, storedBytes: 10_485_760 };
    const note = 'A sample was read, not the whole.';
    const result = {
      ...read,
      findings: [],
      findingsTotal: 0,
      sample: { share: '10%', read, of },
      notes: [note],
    };
    cli.answers = [events(['done', 1, job({ kind: 'verify', state: 'completed', result })])];
    const { code, out } = await run('watch', 'verify-1');
    expect(code).toBe(0);
    expect(out).toContain('  segments  42');
    expect(out).toContain('  sample    10%: 42 of 420 segments, 1.0 MiB of 10.0 MiB as stored');
    expect(out).toContain(`  note      ${note}`);
  });

  it('detaches at Ctrl-C, says how to come back, and steers nothing', async () => {
    let interrupt: (() => void) | undefined;
    cli.answers = [
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: progress\nid: 1\ndata: ${JSON.stringify(job())}\n\n`, () => interrupt?.());
      },
    ];
    const { code, err } = await runWith({ LONGHAUL_API: cli.url }, ['watch', 'backup-crm-1'], (fire) => {
      interrupt = fire;
    });
    expect(code).toBe(130);
    expect(err.at(-1)).toBe('Detached; the job goes on. Come back with: longhaul watch backup-crm-1');
    expect(cli.seen.map((call) => call.method)).toEqual(['GET']);
  });

  it('of an unknown job fails at once', async () => {
    cli.answers = [
      json(404, { code: 'job_unknown', detail: 'no job x', hint: '`longhaul jobs` lists them.' }),
    ];
    const { code, err } = await run('watch', 'x');
    expect(code).toBe(2);
    expect(err[0]).toBe('error job_unknown: no job x');
    expect(cli.seen).toHaveLength(1);
  });
});

describe('jobs, show and steering', () => {
  it('lists by filter and says how to see more', async () => {
    cli.answers = [json(200, { jobs: [job()], next: 'c2' })];
    const { out, err } = await run('jobs', '--state', 'running', '--limit', '1');
    expect(cli.seen[0]?.path).toBe('/v1/jobs?state=running&limit=1');
    expect(out[0]).toMatch(/^ID +KIND +STATE/);
    expect(out[1]).toMatch(/^backup-crm-1 +backup +running +60\.0 % +1,200,000 +crm +vault/);
    expect(err).toEqual(['There are more: --cursor c2']);
  });

  it('shows a job on a page', async () => {
    cli.answers = [json(200, job())];
    const { out } = await run('show', 'backup-crm-1');
    expect(out[0]).toBe('backup-crm-1 running');
    expect(out).toContain('  stream    contacts running, 1,200,000 of 2,000,000 records, partitions 3/8');
  });

  it('says that a request is on its way where the answer does not show it yet', async () => {
    cli.answers = [json(202, job({ state: 'running' }))];
    const { code, out, err } = await run('pause', 'backup-crm-1');
    expect({ code, out }).toEqual({ code: 0, out: ['backup-crm-1 running'] });
    expect(err).toEqual(['It was asked to pause; see `longhaul watch backup-crm-1`.']);
    expect((await run('resume', 'backup-crm-1')).err).toEqual([]);
    expect((await run('cancel', 'backup-crm-1', '--json')).err).toEqual([]);
  });

  it.each(['pause', 'resume', 'cancel', 'retry'])(
    '%s posts to the job and prints its state',
    async (verb) => {
      cli.answers = [json(202, job({ state: 'paused' }))];
      const { code, out } = await run(verb, 'backup crm');
      expect({ code, out }).toEqual({ code: 0, out: ['backup-crm-1 paused'] });
      expect(cli.seen[0]).toMatchObject({ method: 'POST', path: `/v1/jobs/backup%20crm/${verb}` });
    },
  );

  it('lists archives in a folder of a store, and tells what cannot be read', async () => {
    const archive = {
      kind: 'archive',
      connection: 'vault',
      path: 'nightly/a',
      source: { connection: 'crm', type: 'http' },
      format: null,
      records: 1_200,
      storedBytes: 2_048,
      completedAt: '2026-01-31T12:00:00.000Z',
    };
    const trouble = {
      connection: 'vault',
      path: 'nightly/b',
      code: 'archive_damaged',
      message: 'm',
      hint: 'h',
    };
    cli.answers = [json(200, { archives: [archive], unreadable: [trouble], next: null })];
    const { code, out, err } = await run('archives', 'vault/nightly', '--limit', '5');
    expect(cli.seen[0]?.path).toBe('/v1/archives?connection=vault&prefix=nightly&limit=5');
    expect(out[1]).toMatch(/^vault\/nightly\/a +archive +crm +1,200 +2\.0 KiB +2026-01-31 12:00:00/);
    expect({ code, err: err[0] }).toEqual({ code: 0, err: 'error archive_damaged: m' });
  });

  it('changes the lanes of a job', async () => {
    cli.answers = [json(202, job())];
    const { code, out } = await run('set', 'backup-crm-1', '--lanes', '8');
    expect({ code, out }).toEqual({ code: 0, out: ['backup-crm-1 running'] });
    expect(cli.seen[0]).toMatchObject({
      method: 'PATCH',
      path: '/v1/jobs/backup-crm-1',
      body: JSON.stringify({ lanes: 8 }),
    });
  });

  it.each([
    ['4.5', 4.5],
    ['none', null],
  ])('changes the pace of a job to %s', async (text, requestsPerSecond) => {
    cli.answers = [json(202, job())];
    expect((await run('set', 'backup-crm-1', '--requests-per-second', text)).code).toBe(0);
    expect(cli.seen[0]?.body).toBe(JSON.stringify({ requestsPerSecond }));
  });

  it('says what can be set when nothing is', async () => {
    const { code, err } = await run('set', 'backup-crm-1');
    expect(code).toBe(2);
    expect(err.join(' ')).toContain('--lanes N');
    expect(cli.seen).toEqual([]);
  });

  it('checks a connection from a worker, with options before or after the name', async () => {
    cli.answers = [
      json(200, {
        connection: 'crm',
        ok: false,
        detail: '',
        error: { code: 'source_unreachable', message: 'refused', hint: 'Check it.' },
      }),
    ];
    const { code, out, err } = await run('connections', 'check', 'crm', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ ok: false });
    expect(err[0]).toBe('error source_unreachable: refused');
  });
});

describe('the address of the API', () => {
  it('comes from dev.json of the data folder where nothing else names it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'longhaul-cli-'));
    await writeFile(join(dataDir, 'dev.json'), JSON.stringify({ api: cli.url }));
    cli.answers = [json(200, { jobs: [], next: null })];
    const { code } = await runWith({}, ['jobs', '--data-dir', dataDir]);
    await rm(dataDir, { recursive: true });
    expect(code).toBe(0);
    expect(cli.seen).toHaveLength(1);
  });

  it('is named, with where it came from, when nothing answers there', async () => {
    const { code, err } = await run('jobs', '--api', 'http://127.0.0.1:1');
    expect(code).toBe(3);
    expect(err[0]).toContain('error api_unreachable: the API at http://127.0.0.1:1 does not answer');
    expect(err[1]).toContain('comes from --api');
  });
});

describe('usage', () => {
  it.each([
    [['jobs', '--api', 'localhost:8400'], '"localhost:8400", from --api, is no address of an API'],
    [['jobs', '--limit', '201'], 'from 1 to 200'],
    [['bakcup'], 'Did you mean backup?'],
    [['jobs', '--stat', 'running'], 'Did you mean --state?'],
    [['backup', 'crm'], '--to'],
    [['backup', 'crm', '--to', 'vault', '--lanes', '0'], 'from 1 to 64'],
    [['backup', 'crm', '--to', 'vault', '--compression', 'rar'], 'zstd, gzip, none'],
    [['backup', 'crm', 'main', '--to', 'vault'], 'one connection'],
  ])('%j is refused with what to write instead', async (argv, message) => {
    const { code, out, err } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err.join('\n')).toContain('error usage:');
    expect(err.join('\n')).toContain(message);
    expect(cli.seen).toEqual([]);
  });

  it('--help goes to standard output and exits 0', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out.join('\n')).toContain('Exit codes: 0 done');
  });
});

describe('the key of the API', () => {
  const runAs = (key: string) =>
    runWith({ LONGHAUL_API: cli.url, LONGHAUL_API_KEY: key }, ['watch', 'backup-crm-1', '--json']);

  it('is taken from LONGHAUL_API_KEY and sent along, whatever is asked for', async () => {
    cli.answers = [events(['done', 1, completed])];
    expect((await runAs(' lh_key\n')).code).toBe(0);
    expect(cli.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer lh_key']);
    expect((await runAs('')).code).toBe(0);
    expect(cli.seen[1]?.headers).not.toHaveProperty('authorization');
  });

  it('that is missing is asked for by the name of the variable', async () => {
    const hint = 'Send a key: for the `longhaul` command set LONGHAUL_API_KEY.';
    cli.answers = [json(401, { code: 'access_key_missing', detail: 'This needs a key.', hint })];
    const { code, err } = await run('jobs');
    expect([code, err]).toEqual([2, ['error access_key_missing: This needs a key.', `hint: ${hint}`]]);
  });

  it('that cannot be one is refused, and not repeated', async () => {
    const { code, err } = await runAs('lh key\u00e9');
    expect([code, cli.seen]).toEqual([2, []]);
    expect(err.join('\n')).toContain('LONGHAUL_API_KEY is no key');
    expect(err.join('\n')).not.toContain('lh key');
  });
});
