// What a source sent is what the archive holds, byte for byte, after the whole way through a running Longhaul.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { readArchive, recordsIn } from '../support/archive-reader.js';
import { copyOut } from '../support/copy-out.js';
import { startFakeApi } from '../support/fake-api.js';
import type { FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul } from '../support/harness.js';
import type { LonghaulInstance } from '../support/harness.js';
import { NASTY_RECORDS } from '../support/nasty-records.js';
import { NASTY_TABLES, TABLES } from '../support/nasty-tables.js';
import { sql, startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';

/** Records as a pretty-printer leaves them. */
const SPREAD = [{ id: 1, list: [1, { two: '2\n' }] }, { id: 2 }].map((record) =>
  JSON.stringify(record, null, 2),
);
const COMPRESSIONS = ['zstd', 'gzip', 'none'] as const;

let postgres: TestPostgres;
let api: FakeApi;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  postgres = await startPostgres();
  await sql(postgres.url, NASTY_TABLES);
  api = await startFakeApi({ records: { nasty: NASTY_RECORDS, spread: SPREAD }, whitespace: ' \r\n\t' });
  longhaul = await startLonghaul({
    connections: {
      api: api.connection('cursor', { pageSize: 3 }),
      database: { type: 'postgres', url: postgres.url },
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await postgres?.close();
  await api?.close();
}, 60_000);

describe('a REST API', () => {
  test.for(COMPRESSIONS)(
    'keeps every record as the bytes that came, compressed with %s',
    async (compression) => {
      const job = await backup('api', ['nasty'], { compression });
      expect(await recordsOf(job, 'nasty')).toEqual(NASTY_RECORDS);
    },
  );

  test('drops no token of records that are spread over lines', async () => {
    const kept = await recordsOf(await backup('api', ['spread']), 'spread');
    expect(parsed(kept)).toEqual(parsed(SPREAD));
  });
});

describe('a PostgreSQL database', () => {
  test.for([1, 4])('gives the same CSV as its own COPY, every type and key, in %i lanes', async (lanes) => {
    const job = await backup('database', undefined, { lanes, pageSize: 500 });
    const archive = await readArchive(longhaul.archiveOf(job));
    expect(archive.manifest.streams.map(({ name }) => name)).toEqual(TABLES.map(({ stream }) => stream));
    for (const { stream, table, key } of TABLES) {
      const kept = withoutRepeatedHeaders(await all(archive.contents(stream)));
      const told = await copyOut(postgres.url, table, key);
      expect([stream, kept.toString()]).toEqual([stream, stream === 'vacant' ? '' : told.toString()]);
    }
  });
});

/** Every segment begins with the header line; the whole has it once. Without a record there is no segment. */
function withoutRepeatedHeaders(segments: readonly Buffer[]): Buffer {
  return Buffer.concat(segments.map((segment, index) => (index === 0 ? segment : withoutHeader(segment))));
}

function withoutHeader(segment: Buffer): Buffer {
  return segment.subarray(segment.indexOf('\n') + 1);
}

function parsed(records: readonly string[]): unknown[] {
  return records.map((record) => JSON.parse(record) as unknown);
}

async function backup(connection: string, streams?: string[], options: object = {}): Promise<Job> {
  const sink = { connection: 'vault', prefix: 'fidelity' };
  return longhaul.run({ kind: 'backup', source: { connection, streams }, sink, options });
}

async function recordsOf(job: Job, stream: string): Promise<string[]> {
  return recordsIn(longhaul.archiveOf(job), stream);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
