// How the tests run: two at a time, since most of them keep a Temporal server and workers busy beside themselves.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** As in tsconfig.json: the examples import the package by its name. */
const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));
const alias = {
  'longhaul/connector/testing': source('testing/index.ts'),
  'longhaul/connector': source('connector/index.ts'),
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'pure',
          alias,
          include: ['test/{unit,conformance}/**/*.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'temporal',
          alias,
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
