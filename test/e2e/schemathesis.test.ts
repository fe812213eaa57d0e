// The whole API against its document, by a tool that knows nothing of either: every operation, with what the document allows
// and with what it does not, beside jobs that have left archives, rejects and differences. All checks are on.
//
//   SCHEMATHESIS_EXAMPLES=200 npx vitest run test/e2e/schemathesis.test.ts      looks longer, and otherwise each time
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { pythonMissing } from '../support/apps/python.js';
import { schemathesis } from '../support/apps/schemathesis.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { someRecords } from '../support/records.js';

const missing = await pythonMissing();
const examples = process.env['SCHEMATHESIS_EXAMPLES'];
/** The same calls in each run, as many as there is time for. */
const BRIEF = ['--generation-deterministic', '--max-examples', '5', '--max-time', '40'];
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

    test(
      'fails no check of schemathesis, and has no fault of its own',
      async () => {
        const how = examples ? ['--max-examples', examples] : BRIEF;
        const { code, output } = await schemathesis(longhaul.api, longhaul.folder, how);
        if (examples) console.info(output);
        if (code !== 0) throw new Error(output);
        expect(longhaul.launcher.stderr()).not.toContain('request failed');
      },
      INSTALL_TIMEOUT_MS + LONGEST_MS,
    );
  },
);
