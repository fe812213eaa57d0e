// The plan of a job whose sink has an order of its own.
import { expect, test } from 'vitest';
import type { OpenJob } from '../../src/activities/open.js';
import { planPage } from '../../src/activities/plan.js';
import type { PlanPage } from '../../src/core/work.js';
import { createMemorySource } from '../support/memory-source.js';
import { testContext } from '../support/reading.js';

const job = {
  id: 'job-1',
  createdAt: '2026-01-01T00:00:00.000Z',
  spec: {
    kind: 'restore',
    source: { connection: 'vault', archive: 'a' },
    sink: { connection: 'main' },
  },
} as const;

test('takes each stream once, in stages; the page that begins a later one is a barrier', async () => {
  const source = createMemorySource({ a: [], b: [], c: [], d: [] });
  const sink = { stages: async () => [['d', 'b'], ['c'], ['a']], begin: async () => undefined };
  const open = { source, sink, limits: {} } as unknown as OpenJob;
  const pages: PlanPage[] = [];
  do {
    const after = pages.at(-1)?.after ?? null;
    pages.push(await planPage(open, testContext(), { job, after, nextIndex: 0 }));
  } while (!pages.at(-1)!.done);
  const look = pages.map(({ streams, barrier }) => [streams.map(({ name }) => name), barrier]);
  expect(look).toEqual([
    [['d', 'b'], false],
    [['c'], true],
    [['a'], true],
  ]);
});
