// Objects written into a folder and a bucket: whatever operation breaks, wherever a writer begins again, each is there once
// and whole, and nothing is left beside it.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileTarget } from '../../src/connectors/file/target.js';
import { createObjectSink } from '../../src/connectors/objects/sink.js';
import type { ObjectTarget } from '../../src/connectors/objects/target.js';
import { createS3Client } from '../../src/connectors/s3/client.js';
import { createS3Target } from '../../src/connectors/s3/target.js';
import type { Page, Reject, Sink } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import type { SinkOptions } from '../../src/core/registry.js';
import type { Store } from '../../src/core/store.js';
import { writeEntry } from '../../src/records/tar/entry.js';
import { storeIn } from '../support/archives.js';
import { startFakeS3, type FakeS3 } from '../support/fake-s3.js';
import { sinkOptions } from '../support/objects.js';
import { testContext } from '../support/reading.js';
import { breadcrumb } from '../support/writing.js';

/** What S3 takes as a part, at least. */
const PIECE = 5 * 1_048_576;
const LARGE = Buffer.alloc(2 * PIECE + 3, 'abcdefg');
const OBJECTS: Readonly<Record<string, Buffer>> = {
  'a/one': Buffer.from('one'),
  'a/two': Buffer.alloc(0),
  large: LARGE,
  'z/last': Buffer.from('last'),
};
const TARGET = { stream: 'all', partition: '0', index: 0 };

const piece = (key: string, body: Buffer, offset = 0, size = body.length) =>
  writeEntry({ key, size, offset, mtime: '1700000000.5', mode: 0o640 }, body);
const page = (records: number, ...entries: Uint8Array[][]): Page => ({
  payload: { format: 'tar', chunks: entries.flat() },
  records,
  next: null,
});
const largePiece = (index: number): Page => {
  const body = LARGE.subarray(index * PIECE, (index + 1) * PIECE);
  return page(index === 2 ? 1 : 0, piece('large', body, index * PIECE, LARGE.length));
};
const PAGES = [
  page(2, piece('a/one', OBJECTS['a/one']!), piece('a/two', OBJECTS['a/two']!)),
  largePiece(0),
  largePiece(1),
  largePiece(2),
  page(1, piece('z/last', OBJECTS['z/last']!)),
];

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const EXPECTED = Object.fromEntries(Object.entries(OBJECTS).map(([key, body]) => [key, hashOf(body)]));

interface Place {
  target(): ObjectTarget;
  contents(): Promise<Record<string, string>>;
  leftovers(): Promise<number>;
}

describe.each(['folder', 'bucket'] as const)('a %s', (kind) => {
  let root: string;
  let fake: FakeS3;
  let store: Store;
  let place: Place;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'restore-'));
    store = storeIn(path.join(root, 'vault'));
    fake = await startFakeS3();
    place = kind === 'folder' ? folderAt(root) : bucketOn(fake, store);
  });
  afterEach(async () => {
    await fake.stop();
    await rm(root, { recursive: true, force: true });
  });

  const sinkOn = (target: ObjectTarget, options: Partial<SinkOptions> = {}): Sink =>
    createObjectSink(
      { connection: 'there', streams: { all: {} }, target: () => target, concurrency: 2 },
      sinkOptions(store, options),
    );

  /** From a state to the end, a flush after each page; `heard` learns of each. */
  async function write(
    sink: Sink,
    from: number,
    state: Json | null,
    heard: (flushes: number, state: Json) => void,
  ): Promise<void> {
    const writer = await sink.open(testContext(), TARGET, state);
    for (let at = from; at < PAGES.length; at += 1) {
      await writer.write(PAGES[at]!);
      heard(at + 1, await writer.flush(breadcrumb(at + 1, at + 1 === PAGES.length)));
    }
  }

  async function sealed(sink: Sink, state: Json | null): Promise<void> {
    await sink.seal(testContext(), { heads: [{ ...TARGET, state, records: 4 }], settled: null, report: {} });
  }

  test.for([['before'], ['after']] as const)(
    'has each object once and whole, whichever operation breaks (%s it is done)',
    { timeout: 60_000 },
    async ([when]) => {
      let reached = true;
      for (let at = 0; reached; at += 1) {
        const known: { flushes: number; state: Json | null } = { flushes: 0, state: null };
        const heard = (flushes: number, state: Json) => Object.assign(known, { flushes, state });
        const broken = breaking(place.target(), at, when);
        const ended = await write(sinkOn(broken.target), 0, null, heard).catch((error: unknown) => error);
        expect(ended).toBe(broken.reached() ? broken.error : undefined);
        reached = broken.reached();
        if (known.flushes < PAGES.length)
          await write(sinkOn(place.target()), known.flushes, known.state, heard);
        expect(JSON.stringify(known.state).length).toBeLessThan(4_096);
        await sealed(sinkOn(place.target()), known.state);
        expect(await place.contents()).toEqual(EXPECTED);
        expect(await place.leftovers()).toBe(0);
      }
    },
  );

  test('has each object once and whole when a writer that was given up for dead goes on beside its successor', async () => {
    const states: (Json | null)[] = [null];
    await write(sinkOn(place.target()), 0, null, (_flushes, state) => states.push(state));
    for (const [flushes, state] of states.entries()) {
      await write(sinkOn(place.target()), flushes, state, () => undefined);
    }
    await sealed(sinkOn(place.target()), states.at(-1)!);
    expect(await place.contents()).toEqual(EXPECTED);
    expect(await place.leftovers()).toBe(0);
  });

  test('keeps objects of others and sets aside what conflicts with them, where the job allows that', async () => {
    const other = place.target();
    const entry = { key: 'a/one', size: 3, offset: 0, mtime: '0' };
    await other.put(testContext(), entry, Buffer.from('ONE'), true);
    await other.put(testContext(), { ...entry, key: 'large', size: 1 }, Buffer.from('L'), true);
    const sink = sinkOn(place.target(), { rejects: true });
    const writer = await sink.open(testContext(), TARGET, null);
    const refused: Reject[] = [];
    for (const page of PAGES) {
      await writer.write(page);
      refused.push(...((await writer.settle?.()) ?? []));
      await writer.flush(breadcrumb(1, false));
    }
    expect(refused.map(({ code, records, payload }) => [code, records, payload === null])).toEqual([
      ['restore_conflict', 1, false],
      ['restore_conflict', 1, true],
    ]);
    expect(await place.contents()).toEqual({
      ...EXPECTED,
      'a/one': hashOf(Buffer.from('ONE')),
      large: hashOf(Buffer.from('L')),
    });
  });

  test('sets aside a large object of which a piece is lost, and writes the others', async () => {
    const sink = sinkOn(place.target(), { rejects: true });
    const writer = await sink.open(testContext(), TARGET, null);
    for (const page of PAGES.toSpliced(2, 1)) await writer.write(page);
    const refused = (await writer.settle?.()) ?? [];
    expect(refused).toMatchObject([{ code: 'archive_damaged', records: 1, payload: null }]);
    await sealed(sinkOn(place.target()), await writer.flush(breadcrumb(1, true)));
    const { large: _lost, ...others } = EXPECTED;
    expect(await place.contents()).toEqual(others);
    expect(await place.leftovers()).toBe(0);
  });

  test('replaces objects where it is told to', async () => {
    const entry = { key: 'large', size: 1, offset: 0, mtime: '0' };
    await place.target().put(testContext(), entry, Buffer.from('L'), true);
    await write(sinkOn(place.target(), { mode: 'upsert' }), 0, null, () => undefined);
    expect(await place.contents()).toEqual(EXPECTED);
  });

  test('has nothing left of a job that was cancelled but the objects that are whole', async () => {
    const writer = await sinkOn(place.target()).open(testContext(), TARGET, null);
    for (const page of PAGES.slice(0, 3)) await writer.write(page);
    await sinkOn(place.target()).discard(testContext());
    expect(Object.keys(await place.contents())).toEqual(['a/one', 'a/two']);
    expect(await place.leftovers()).toBe(0);
  });
});

function folderAt(root: string): Place {
  const files = async (wanted: (name: string) => boolean) => {
    const found = await readdir(path.join(root, 'all'), { recursive: true, withFileTypes: true });
    return found.map((entry) => path.join(entry.parentPath, entry.name)).filter(wanted);
  };
  return {
    target: () => createFileTarget(root, 'all', 'restore-1'),
    async contents() {
      const { readFile, stat } = await import('node:fs/promises');
      const contents: Record<string, string> = {};
      for (const file of (await files((name) => !name.includes('.tmp-'))).toSorted()) {
        if ((await stat(file)).isFile())
          contents[path.relative(path.join(root, 'all'), file)] = hashOf(await readFile(file));
      }
      return contents;
    },
    leftovers: async () => (await files((name) => name.includes('.tmp-'))).length,
  };
}

function bucketOn(fake: FakeS3, store: Store): Place {
  const config = fake.connection();
  return {
    target: () => createS3Target(createS3Client(config), config, '', sinkOptions(store)),
    contents: async () =>
      Object.fromEntries(
        [...fake.objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { body }]) => [key, hashOf(body)]),
      ),
    leftovers: async () => fake.openUploads(),
  };
}

function breaking(target: ObjectTarget, at: number, when: 'before' | 'after') {
  const error = new Error('broken on purpose');
  let [count, isReached] = [0, false];
  const step = async <R>(operation: () => Promise<R>): Promise<R> => {
    const isIt = count === at;
    count += 1;
    isReached ||= isIt;
    if (isIt && when === 'before') throw error;
    const result = await operation();
    if (isIt) throw error;
    return result;
  };
  const wrapped: ObjectTarget = {
    put: (...args) => step(() => target.put(...args)),
    begin: (...args) => step(() => target.begin(...args)),
    add: (...args) => step(() => target.add(...args)),
    finish: (...args) => step(() => target.finish(...args)),
    size: (...args) => step(() => target.size(...args)),
    read: (...args) => step(() => target.read(...args)),
    sync: () => step(() => target.sync()),
    clear: (ctx) => target.clear(ctx),
  };
  return { target: wrapped, error, reached: () => isReached };
}
