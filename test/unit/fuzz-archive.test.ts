// Objects of an archive that anybody may have changed: each is read as what it says, or refused by name. Also where every
// hash is right, as somebody would make it who knows the format.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newestAfter } from '../../src/archive/chain.js';
import { readManifest } from '../../src/archive/manifest.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createArchiveSource } from '../../src/archive/source.js';
import { readRejects } from '../../src/archive/rejects-reader.js';
import { readDifferences } from '../../src/compare/differences.js';
import { ARCHIVE, forge, sealedArchive, verifyArchive, type TestArchive } from '../support/archives.js';
import { change, changed, BOUNDED, readOrRefused } from '../support/fuzz.js';
import { createMemoryStore, newSpace } from '../support/memory-store.js';
import { collect, testContext } from '../support/reading.js';
import { jsonPage, stream, type Work } from '../support/writing.js';

const RECORDS = ['{"id":1}', '{"id":2}', '{"id":3}'];
const WORK: Work = {
  streams: [stream('orders')],
  parts: [
    {
      target: { stream: 'orders', partition: '0', index: 0 },
      flushes: [[jsonPage(...RECORDS.slice(0, 2))], [jsonPage(RECORDS[2]!)]],
    },
  ],
};
const changes = fc.array(change, { minLength: 1, maxLength: 3 });
/** Each run reads and writes files. */
const FEWER = { ...BOUNDED, numRuns: 300 };
const DAMAGE = ['archive_damaged', 'archive_missing', 'archive_unsupported'];

let archive: TestArchive;
beforeAll(async () => {
  archive = await sealedArchive(WORK);
});
afterAll(async () => {
  await last;
  await archive.dispose();
});

async function readAll(): Promise<string[]> {
  const ctx = testContext();
  const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'fail' });
  const records: string[] = [];
  for (const each of await collect(source.streams(ctx)))
    for (const partition of await collect(source.partitions(ctx, each, 2)))
      for await (const { payload } of source.read(ctx, each.name, partition, null))
        records.push(...Buffer.concat(payload.chunks).toString('utf8').trimEnd().split('\n'));
  return records;
}

/** Puts all files back as they were. */
function keeping(names: readonly string[], use: () => Promise<void>): Promise<void> {
  const kept = keepingNow(names, use);
  last = kept.catch(() => undefined);
  return kept;
}

/** A run that was under way when the time of its test was over goes on beside the next test, which needs the files. */
let last: Promise<void> = Promise.resolve();
beforeEach(() => last);

async function keepingNow(names: readonly string[], use: () => Promise<void>): Promise<void> {
  const files = names.map((name) => path.join(archive.folder, name));
  const before = await Promise.all(files.map((file) => readFile(file)));
  try {
    await use();
  } finally {
    await Promise.all(files.map((file, index) => writeFile(file, before[index]!)));
  }
}

test.for(['manifest.json', 'segments.jsonl'])('a change to %s is noticed', async (name) => {
  const file = path.join(archive.folder, name);
  const right = await readFile(file, 'latin1');
  await fc.assert(
    fc.asyncProperty(changes, async (them) => {
      const wrong = Buffer.from(changed(right, them), 'latin1');
      fc.pre(wrong.toString('latin1') !== right);
      await keeping([name], async () => {
        await writeFile(file, wrong);
        const { refused } = await readOrRefused(() => readManifest(archive.store, ARCHIVE));
        expect(DAMAGE).toContain(refused);
      });
    }),
    FEWER,
  );
});

test('a list of segments that was forged with care gives its records, or is refused and reported', async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (them) => {
      await keeping(['manifest.json', 'segments.jsonl'], async () => {
        await forge(archive.folder, (lines) => changed(lines.join('\n'), them).split('\n'));
        const { value: records = [] } = await readOrRefused(readAll);
        expect(records).toEqual(RECORDS.slice(0, records.length));
        await readOrRefused(() => verifyArchive(archive.store));
      });
    }),
    FEWER,
  );
});

test('a manifest that was forged with care is read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (them) => {
      await keeping(['manifest.json', 'segments.jsonl'], async () => {
        await forge(archive.folder, (lines, manifest) => {
          const parsed = fromJson(changed(JSON.stringify(manifest), them));
          for (const name of Object.keys(manifest)) delete manifest[name];
          Object.assign(manifest, parsed);
          return lines;
        });
        const { value: records = [] } = await readOrRefused(readAll);
        expect(records).toEqual(RECORDS.slice(0, records.length));
        await readOrRefused(() => verifyArchive(archive.store));
      });
    }),
    FEWER,
  );
});

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const TARGET = { stream: 'orders', partition: '0', index: 0 };

test('parts of a running job that were changed are refused, or passed over', async () => {
  const space = newSpace();
  const sink = createArchiveSink(createMemoryStore(space), {
    path: 'a',
    archiveId: 'a',
    jobId: 'job-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    compression: 'none',
    source: { connection: 'crm', type: 'http' },
  });
  await sink.begin(testContext(), WORK.streams);
  const writer = await sink.open(testContext(), TARGET, null);
  await writer.write(jsonPage(...RECORDS));
  await writer.flush({ cursor: 'c3', done: false, tallies: tallies(3) });
  const store = createMemoryStore(space);
  expect(await newestAfter(store, 'a', TARGET, null)).toMatchObject({ cursor: 'c3' });
  const parts = [...space.objects].filter(([name]) => name.includes('/parts/'));
  expect(parts).toHaveLength(1);
  const [name, right] = parts[0]!;
  await fc.assert(
    fc.asyncProperty(changes, async (them) => {
      space.objects.set(name, Buffer.from(changed(right.toString('utf8'), them)));
      await readOrRefused(() => newestAfter(store, 'a', TARGET, null));
    }),
    BOUNDED,
  );
});

const tallies = (records: number) => ({
  records,
  bytes: records,
  pages: 1,
  requests: 1,
  retries: 0,
  rejects: 0,
});

test('a log of rejects that was changed is read or refused, from any place that somebody asks for', async () => {
  const space = newSpace();
  const store = createMemoryStore(space);
  const log = createRejectsLog(store, '.jobs/r');
  const payload = { format: 'jsonl', chunks: [Buffer.from('{"id":1}\n')] } as const;
  const reject = { code: 'record_refused', message: 'no', records: 1, payload } as const;
  const ref = await log.add(TARGET, await log.add(TARGET, undefined, [reject, reject]), [reject]);
  await log.publish(TARGET, ref);
  expect(await collect(readRejects(store, '.jobs/r'))).toHaveLength(3);
  const objects = [...space.objects];
  const { path: latest, sha256, seq } = ref;
  const place = fc.record({
    head: fc.constantFrom('', ...objects.map(([name]) => name.replace('.jobs/r/', ''))),
    part: fc.record({
      path: fc.constantFrom(latest, '../x'),
      sha256: fc.constantFrom(sha256, ''),
      seq: fc.nat(seq + 1),
    }),
    left: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(fc.nat(objects.length - 1), changes, fc.option(place), async (which, them, from) => {
      const [name, right] = objects[which]!;
      space.objects.set(name, Buffer.from(changed(right.toString('utf8'), them)));
      await readOrRefused(() => collect(readRejects(store, '.jobs/r', from === null ? {} : { from })));
      space.objects.set(name, right);
    }),
    BOUNDED,
  );
});

test('what a comparison found and somebody changed is read or refused, from any place that somebody asks for', async () => {
  const space = newSpace();
  const counts = { same: 1, added: 2, removed: 0, changed: 0, duplicates: 0 };
  const parts = [{ path: 'differences/w/orders/0.jsonl', stream: 'orders', differences: 2 }];
  const line = `${JSON.stringify({ kind: 'added', stream: 'orders', key: ['1'], records: 1 })}\n`;
  const objects = [
    [
      '.jobs/v/differences/index.json',
      JSON.stringify({ work: 'w', counts, bytes: 9, notes: [], listed: 2, parts }),
    ],
    ['.jobs/v/differences/w/orders/0.jsonl', line + line],
  ] as const;
  for (const [name, text] of objects) space.objects.set(name, Buffer.from(text));
  const store = createMemoryStore(space);
  expect(await readDifferences(store, '.jobs/v', { limit: 3 })).toMatchObject({
    differences: [{}, {}],
    next: null,
  });
  const cursor = fc.option(fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^\d{1,10}\.\d{1,10}$/)));
  await fc.assert(
    fc.asyncProperty(fc.nat(1), changes, cursor, async (which, them, cursor) => {
      const [name, right] = objects[which]!;
      space.objects.set(name, Buffer.from(changed(right, them)));
      await readOrRefused(() =>
        readDifferences(store, '.jobs/v', { limit: 3, ...(cursor !== null && { cursor }) }),
      );
      space.objects.set(name, Buffer.from(right));
    }),
    BOUNDED,
  );
});
