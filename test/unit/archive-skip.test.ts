// Reading an archive past what is damaged: everything else comes, and what is lost is told.
import { rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArchiveSource } from '../../src/archive/source.js';
import type { Page } from '../../src/core/connector.js';
import { readArchive } from '../support/archive-reader.js';
import { ARCHIVE, sealedArchive, type TestArchive } from '../support/archives.js';
import { collect, recordsOf, testContext } from '../support/reading.js';
import { jsonPage, stream, type Work } from '../support/writing.js';

const RECORDS = ['{"id":1}', '{"id":2}', '{"id":3}', '{"id":4}', '{"id":5}'];
/** A segment for each flush. */
const WORK: Work = {
  streams: [stream('contacts')],
  parts: [
    {
      target: { stream: 'contacts', partition: '0', index: 0 },
      flushes: [
        [jsonPage(RECORDS[0]!, RECORDS[1]!)],
        [jsonPage(RECORDS[2]!, RECORDS[3]!)],
        [jsonPage(RECORDS[4]!)],
      ],
    },
  ],
};

let archive: TestArchive;
let segments: readonly string[];
beforeEach(async () => {
  archive = await sealedArchive(WORK);
  segments = (await readArchive(archive.folder)).segments.map((segment) => segment.path);
});
afterEach(() => archive.dispose());

describe('an archive read with onDamage: skip', () => {
  test('is read whole where nothing is damaged', async () => {
    const pages = await read();
    expect(pages.flatMap(recordsOf)).toEqual(RECORDS);
    expect(pages.every(({ rejects }) => rejects === undefined)).toBe(true);
  });

  test.for([
    ['missing', (file: string) => rm(file)],
    ['damaged', (file: string) => truncate(file, 5)],
  ] as const)('passes over a segment that is %s, and says how many records it held', async ([how, harm]) => {
    const [, second = ''] = segments;
    await harm(path.join(archive.folder, second));
    const pages = await read();
    expect(pages.flatMap(recordsOf)).toEqual([RECORDS[0], RECORDS[1], RECORDS[4]]);
    const rejects = pages.flatMap((page) => page.rejects ?? []);
    expect(rejects).toMatchObject([{ code: 'archive_damaged', records: 2, payload: null }]);
    expect(rejects[0]!.message).toContain(second);
    expect(rejects[0]!.message).toContain(how);
  });

  test('ends with the partition where its last segment is the damaged one', async () => {
    await rm(path.join(archive.folder, segments.at(-1)!));
    const pages = await read();
    expect(pages.flatMap(recordsOf)).toEqual(RECORDS.slice(0, 4));
    expect(pages.at(-1)).toMatchObject({ next: null, rejects: [{ records: 1 }] });
  });
});

async function read(): Promise<Page[]> {
  const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'skip' });
  const [found] = await collect(source.streams(testContext()));
  const [partition] = await collect(source.partitions(testContext(), found!, 1));
  return collect(source.read(testContext(), 'contacts', partition!, null));
}
