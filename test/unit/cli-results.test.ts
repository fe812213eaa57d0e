// Rejects, differences and files as the command line lists them.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { json, openCli, type CliWithApi } from '../support/cli.js';

let cli: CliWithApi;
beforeEach(async () => {
  cli = await openCli();
});
afterEach(() => cli.close());

const reject = {
  stream: 'contacts',
  partition: '0',
  code: 'record_refused',
  message: 'duplicate key\nvalue',
  records: 1,
  record: `{"id":1,"text":"\u001b[31m${'x'.repeat(600)}"}`,
  header: null,
  encoding: 'text',
};

it('lists rejects with their reasons, and lets none of them steer the terminal', async () => {
  const lost = { ...reject, record: null, encoding: null, records: 1_200, message: 'segment 3 is missing' };
  cli.answers = [json(200, { rejects: [reject, lost], next: 'c2' })];
  const { code, out, err } = await cli.run('rejects', 'restore-1', '--stream', 'contacts', '--limit', '2');
  expect(cli.seen[0]?.path).toBe('/v1/jobs/restore-1/rejects?stream=contacts&limit=2');
  expect(code).toBe(0);
  expect(out[0]).toBe('contacts 0 record_refused: duplicate key\\u{a}value');
  expect(out[1]).toMatch(/^ {2}\{"id":1,"text":"\\u\{1b\}\[31mx+…$/);
  expect(out[1]!.length).toBeLessThan(520);
  expect(out[3]).toBe('  1,200 records that cannot be read');
  expect(err).toEqual(['There are more: --cursor c2']);
});

it('prints rejects as the API gave them with --json', async () => {
  const page = { rejects: [reject], next: 'c2' };
  cli.answers = [json(200, page)];
  const { out, err } = await cli.run('rejects', 'restore-1', '--json', '--cursor', 'c1');
  expect(cli.seen[0]?.path).toBe('/v1/jobs/restore-1/rejects?cursor=c1');
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([page]);
  expect(err).toEqual([]);
});

it('lists differences', async () => {
  const counts = { same: 1, added: 1, removed: 0, changed: 0, duplicates: 0 };
  const differences = [{ kind: 'added', stream: 'contacts', key: ['a\tb', '2'], records: 1 }];
  cli.answers = [json(200, { differences, counts, listed: 1, next: null })];
  const { out } = await cli.run('differences', 'verify-1');
  expect(cli.seen[0]?.path).toBe('/v1/jobs/verify-1/differences');
  expect(out[1]).toMatch(/^added +contacts +a\\u\{9\}b, 2 +1$/);
});

it('lists files', async () => {
  const file = { path: 'contacts/0/1.jsonl.zst', bytes: 2_048, records: 1_000, sha256: 'abc', url: '/v1/x' };
  const manifest = { ...file, path: 'manifest.json', records: null };
  cli.answers = [json(200, { files: [manifest, file], next: null })];
  const { out } = await cli.run('files', 'backup-1');
  expect(out.map((line) => line.split(/ {2,}/))).toEqual([
    ['PATH', 'SIZE', 'RECORDS', 'SHA256'],
    ['manifest.json', '2.0 KiB', '', 'abc'].filter(Boolean),
    ['contacts/0/1.jsonl.zst', '2.0 KiB', '1,000', 'abc'],
  ]);
});
