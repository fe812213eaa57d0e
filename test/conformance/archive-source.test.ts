// A sealed archive, read back, under the suite for all sources.
import { afterAll, beforeAll, describe } from 'vitest';
import { createArchiveSource } from '../../src/archive/source.js';
import { ARCHIVE, sealedArchive, type TestArchive } from '../support/archives.js';
import { csvPage, jsonPage, stream, type Work } from '../support/writing.js';
import { describeSource } from './source-suite.js';

const LARGE = 'x'.repeat(900);
const contacts = Array.from({ length: 9_000 }, (_, id) => `{"id":${id},"text":"${LARGE}","n":1.10}`);
const rows = Array.from({ length: 3_000 }, (_, id) => `${id},"line\n""${LARGE}"", ünï 🚚"`);

const WORK: Work = {
  streams: [stream('Contacts'), stream('empty'), stream('rows', 'csv')],
  parts: [
    {
      target: { stream: 'Contacts', partition: '0', index: 0 },
      flushes: [[jsonPage(...contacts.slice(0, 4_000))], [jsonPage(...contacts.slice(4_000, 4_500))]],
    },
    {
      target: { stream: 'Contacts', partition: '1', index: 1 },
      flushes: Array.from({ length: 9 }, (_, i) => [
        jsonPage(...contacts.slice(4_500 + i * 500, 5_000 + i * 500)),
      ]),
    },
    { target: { stream: 'empty', partition: '0', index: 2 }, flushes: [[]] },
    {
      target: { stream: 'rows', partition: '0', index: 3 },
      flushes: [[csvPage(...rows.slice(0, 2_990))], [csvPage(...rows.slice(2_990))]],
    },
  ],
};

describe.each(['zstd', 'gzip', 'none'] as const)('%s', (compression) => {
  let archive: TestArchive;
  beforeAll(async () => void (archive = await sealedArchive(WORK, { compression })));
  afterAll(() => archive.dispose());

  describeSource(`an archive (${compression})`, {
    async open() {
      return {
        source: createArchiveSource(archive.store, ARCHIVE, { onDamage: 'fail' }),
        expected: new Map([
          ['Contacts', contacts],
          ['empty', []],
          ['rows', rows],
        ]),
        dispose: async () => undefined,
      };
    },
  });
});
