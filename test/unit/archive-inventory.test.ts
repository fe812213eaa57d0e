// What the store's list tells of segments that nobody reads: of tar segments with their lists, of many folders, in order.
import { describe, expect, test } from 'vitest';
import type { Manifest, SegmentLine } from '../../src/archive/format.js';
import { inventory } from '../../src/archive/inventory.js';
import { Stopped } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import { createMemoryStore, newSpace } from '../support/memory-store.js';
import { collect, testContext } from '../support/reading.js';

const sha256 = '0'.repeat(64);
const PARTITIONS = ['0', '0.a', '0-b'];

/** Two tar segments with their lists in each partition of a stream; nothing of what is in them matters. */
function archive() {
  const lines = PARTITIONS.flatMap((partition) => [0, 1].map((seq) => lineOf(partition, seq)));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const manifest = {
    segments: { path: 'segments.jsonl', sha256, count: lines.length },
    report: { path: 'report.json', sha256 },
    streams: [{ name: 'photos', lines: { start: 0, end: text.length } }],
  } as unknown as Manifest;
  const space = newSpace();
  const put = (path: string, size: number) => space.objects.set(`a/${path}`, Buffer.alloc(size));
  for (const name of ['manifest.json', 'report.json']) put(name, 2);
  space.objects.set('a/segments.jsonl', Buffer.from(text));
  for (const { path, storedBytes, list } of lines) {
    put(path, storedBytes);
    put(list!.path, list!.storedBytes);
  }
  return { manifest, objects: space.objects, store: createMemoryStore(space) };
}

function lineOf(partition: string, seq: number): SegmentLine {
  const path = `photos/${partition}/00000${seq}-0123456789abcdef`;
  const list = { path: `${path}.list.jsonl.zst`, storedBytes: 5, sha256, first: '' };
  const sums = { records: 1, bytes: 9, storedBytes: 7, sha256 };
  return { stream: 'photos', partition, seq, path: `${path}.tar.zst`, ...sums, list };
}

async function found(
  { manifest, store }: { manifest: Manifest; store: Store },
  isUnread: (line: SegmentLine) => boolean = () => true,
): Promise<string[]> {
  const findings = await collect(inventory(testContext(), store, 'a', manifest, isUnread));
  return findings.map(({ problem, path }) => `${problem} ${path.slice('a/'.length)}`);
}

/** As JavaScript does, and as S3 does. */
const byUnits = (a: string, b: string): number => (a < b ? -1 : 1);
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('the list of a store', () => {
  test('tells nothing where everything is there', async () => {
    expect(await found(archive())).toEqual([]);
  });

  test('names each object that is missing, or of another size, and no other', async () => {
    const whole = archive();
    for (const path of [...whole.objects.keys()].filter((each) => each.startsWith('a/photos/'))) {
      const bytes = whole.objects.get(path)!;
      whole.objects.delete(path);
      expect(await found(whole)).toEqual([`missing ${path.slice(2)}`]);
      expect(await found(whole, () => false)).toEqual([]);
      whole.objects.set(path, bytes.subarray(1));
      expect(await found(whole)).toEqual([`damaged ${path.slice(2)}`]);
      expect(await found(whole, () => false)).toEqual([]);
      whole.objects.set(path, bytes);
    }
  });

  test('names everything where the folder of the archive holds nothing any more', async () => {
    const { objects, ...rest } = archive();
    for (const path of objects.keys()) if (path.startsWith('a/photos/')) objects.delete(path);
    expect(await found(rest)).toHaveLength(4 * PARTITIONS.length);
  });

  test('names what is surplus between what is listed, above and below it', async () => {
    const { objects, ...rest } = archive();
    const surplus = ['a.txt', 'photos/0', 'photos/x', 'photos/0/0', 'photos/0/000000-1/x', 'photos/0/z', 'z'];
    for (const path of surplus) objects.set(`a/${path}`, Buffer.alloc(1));
    expect((await found(rest)).toSorted()).toEqual(surplus.map((path) => `surplus ${path}`).toSorted());
  });

  test('may order names that no segment has as it likes', async () => {
    const { objects, manifest, store } = archive();
    const surplus = ['photos/0/\u{1f600}', 'photos/0/\uff5e'];
    for (const path of surplus) objects.set(`a/${path}`, Buffer.alloc(1));
    for (const compare of [byUnits, byBytes]) {
      const list: Store['list'] = async function* (prefix) {
        yield* (await collect(store.list(prefix))).toSorted((a, b) => compare(a.path, b.path));
      };
      const told = await found({ manifest, store: { ...store, list } });
      expect(told.toSorted(byUnits)).toEqual(surplus.map((path) => `surplus ${path}`));
    }
  });

  test('ends with the job, in the midst of it', async () => {
    const { store, manifest } = archive();
    const ctx = testContext();
    const list: Store['list'] = async function* (prefix) {
      for await (const object of store.list(prefix)) {
        yield object;
        ctx.halt();
      }
    };
    const stopped = collect(inventory(ctx, { ...store, list }, 'a', manifest, () => true));
    await expect(stopped).rejects.toBeInstanceOf(Stopped);
  });
});
