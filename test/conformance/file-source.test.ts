// Folders held to the contract of every source.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { writeFiles, type Files } from '../support/file-tree.js';
import { objectText } from '../support/reading.js';
import { describeSource } from './source-suite.js';

const many: Files = Object.fromEntries(
  Array.from({ length: 60 }, (_, index) => {
    const folder = ['', 'a/', 'a/b/', 'a b/', 'ä/🚚/', 'a-b/'][index % 6];
    return [`${folder}file-${index * 7}`, `content ${index}`.repeat(index)];
  }),
);
const FILES: Readonly<Record<string, Files>> = { deep: many, empty: {}, single: { one: 'x' } };

describeSource('file', {
  async open() {
    const root = await mkdtemp(path.join(tmpdir(), 'file-source-'));
    await mkdir(path.join(root, 'empty'));
    for (const [name, files] of Object.entries(FILES)) await writeFiles(path.join(root, name), files);
    const streams = { deep: {}, empty: {}, single: { path: 'single' } };
    const source = createFileConnection('disk', { type: 'file', path: root, streams }).source!({
      pageSize: 7,
    });
    const texts = ([key, content]: [string, string | Buffer]) =>
      objectText(key, Buffer.byteLength(content), Buffer.from(content));
    return {
      source,
      expected: new Map(
        Object.entries(FILES).map(([name, files]) => [name, Object.entries(files).map(texts)]),
      ),
      dispose: () => rm(root, { recursive: true, force: true }),
    };
  },
});
