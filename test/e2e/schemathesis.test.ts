// The whole API against its document, by a tool that knows nothing of either: every operation, with what the document allows
// and with what it does not, beside jobs that have left archives, rejects and differences; without keys, and with one, where
// the document also says which routes take it. All checks are on.
//
//   SCHEMATHESIS_EXAMPLES=200 npx vitest run test/e2e/schemathesis.test.ts      looks longer, and otherwise each time
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOfKey, newKey } from '../../src/config/keys.js';
import { launchApi, urlOf, type ApiProcess } from '../api/launched.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { pythonMissing } from '../support/apps/python.js';
import { schemathesis } from '../support/apps/schemathesis.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { someRecords } from '../support/records.js';

const missing = await pythonMissing();
const examples = process.env['SCHEMATHESIS_EXAMPLES'];
/** The same calls in each run, as many as there is time for. */
const brief = (seconds: number) => [
  '--generation-deterministic',
  '--max-examples',
  '5',
  '--max-time',
  String(seconds),
];
const LONGEST_MS = 2 * 3_600_000;

describe.skipIf(missing)(
  `the API held against its document${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let api: FakeApi;
    let longhaul: LonghaulInstance;

    beforeAll(async () => {
      api = await startFakeApi({ records: { contacts: someRecords(40), companies: someRecords(5) } });
      longhaul = await startLonghaul({ connections: { api: api.connection('json_link', { pageSize: 20 }) } });
      const { archive } = await longhaul.run({
        kind: 'backup',
        source: { connection: 'api' },
        sink: { connection: 'vault' },
      });
      const source = { connection: 'vault', archive: archive?.slice('vault/'.length) ?? '' };
      await longhaul.run({ kind: 'verify', source, options: { against: { connection: 'api' } } });
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await longhaul?.stop();
      await api?.close();
    });

    async function holdAgainst(url: string, seconds: number, more: readonly string[] = []): Promise<void> {
      const how = examples ? ['--max-examples', examples] : brief(seconds);
      const { code, output } = await schemathesis(url, longhaul.folder, [...how, ...more]);
      if (examples) console.info(output);
      if (code !== 0) throw new Error(output);
    }

    test(
      'fails no check of schemathesis, and has no fault of its own',
      async () => {
        await holdAgainst(longhaul.api, 40);
        expect(longhaul.launcher.stderr()).not.toContain('request failed');
      },
      INSTALL_TIMEOUT_MS + LONGEST_MS,
    );

    test(
      'fails none with a key either, and lets nobody in without one',
      async () => {
        const key = newKey();
        const keyed = await withKey(longhaul, key);
        try {
          await holdAgainst(await urlOf(keyed), 35, ['--header', `Authorization: Bearer ${key}`]);
          expect(keyed.output()).not.toContain('request failed');
        } finally {
          keyed.child.kill();
          await keyed.exited;
        }
      },
      INSTALL_TIMEOUT_MS + LONGEST_MS,
    );
  },
);

/** One more API on the same jobs and stores, which takes this key as its only one. */
async function withKey({ folder, config, temporal }: LonghaulInstance, key: string): Promise<ApiProcess> {
  const keys = [{ name: 'ada', role: 'admin', hash: hashOfKey(key) }];
  const file = path.join(folder, 'keyed.config.yml');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(config, 'utf8')), keys }));
  return launchApi({ config: file, namespace: 'default', env: { TEMPORAL_ADDRESS: temporal } });
}
