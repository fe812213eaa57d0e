// How the tests run: two at a time, since most of them keep a Temporal server and workers busy beside themselves.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/{unit,conformance}/**/*.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'temporal',
          include: ['test/{workflows,api,e2e,replay}/**/*.test.ts'],
          globalSetup: ['./test/support/global-setup.ts'],
          testTimeout: 120_000,
          // A hook may have to fetch or build a server first.
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
