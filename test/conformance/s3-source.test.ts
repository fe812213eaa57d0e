// Buckets held to the contract of every source, on a real server.
import { afterAll, beforeAll, describe } from 'vitest';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { bucketOf, type Bucket } from '../support/bucket.js';
import { objectText } from '../support/reading.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';
import { describeSource } from './source-suite.js';

const deep = Object.fromEntries(
  Array.from({ length: 60 }, (_, index) => {
    const folder = ['', 'a/', 'a/b/', 'a b/', 'ä/🚚/', 'a-b/'][index % 6];
    return [`${folder}file-${index * 7}`, `content ${index}`.repeat(index)];
  }),
);
const OBJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  deep,
  empty: {},
  single: { one: 'x' },
};
const missing = await s3Missing();

describe.skipIf(missing !== null)(`a bucket${missing === null ? '' : ` (${missing})`}`, () => {
  let server: S3Server;
  let bucket: Bucket;
  beforeAll(async () => {
    server = await startS3();
    bucket = bucketOf(server.connection());
    for (const [name, objects] of Object.entries(OBJECTS)) {
      await bucket.put(
        Object.fromEntries(Object.entries(objects).map(([key, body]) => [`root/${name}/${key}`, body])),
      );
    }
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    bucket.close();
    await server.stop();
  });

  describeSource('s3', {
    async open() {
      const streams = Object.fromEntries(Object.keys(OBJECTS).map((name) => [name, { prefix: `${name}/` }]));
      const { source } = createS3Connection('cloud', server.connection({ prefix: 'root', streams }));
      const textOf = ([key, content]: [string, string]) =>
        objectText(key, Buffer.byteLength(content), Buffer.from(content));
      return {
        source: source!({ pageSize: 7 }),
        expected: new Map(
          Object.entries(OBJECTS).map(([name, objects]) => [name, Object.entries(objects).map(textOf)]),
        ),
        dispose: async () => undefined,
      };
    },
  });
});
