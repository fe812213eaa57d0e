// One page ahead, never two; and what becomes of it when the reading ends.
import { describe, expect, test } from 'vitest';
import { prefetch } from '../../src/activities/prefetch.js';
import type { Page } from '../../src/core/connector.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';
import { createMemorySource, wholeOf, type MemorySourceOptions } from '../support/memory-source.js';
import { testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const RECORDS = someRecords(50);
const BROKEN = new LonghaulError('source_unreachable', 'broken');

function reading(options: MemorySourceOptions = {}, readsAhead = () => true) {
  const source = createMemorySource({ s: RECORDS }, options);
  const stop = new AbortController();
  const pages = source.read(testContext(), 's', wholeOf(RECORDS), null);
  return { source, stop: () => stop.abort(), pages: prefetch(pages, stop.signal, readsAhead) };
}

/** The index of each page's first record, and what ended the reading. */
async function drain(pages: AsyncIterable<Page>, each: (count: number) => Promise<void> | void = () => {}) {
  const nexts: unknown[] = [];
  try {
    for await (const page of pages) {
      nexts.push(page.next);
      await each(nexts.length);
    }
  } catch (error) {
    return { nexts, error };
  }
  return { nexts, error: null };
}

describe('prefetching', () => {
  test('gives every page in order', async () => {
    for (const saysLast of [false, true]) {
      const { source, pages } = reading({ saysLast });
      expect(await drain(pages)).toEqual({ nexts: [10, 20, 30, 40, saysLast ? null : 50], error: null });
      source.assertLetGo();
    }
  });

  test('has asked for the next page while one is used, and for no other', async () => {
    const { source, pages } = reading();
    await drain(pages, async (count) => {
      await until('the next page was asked for', () => source.asked.length >= Math.min(count + 1, 5));
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      expect(source.asked).toHaveLength(Math.min(count + 1, 5));
    });
    expect(source.asked).toHaveLength(5);
  });

  test('has asked for nothing while a page is used that is not to be read ahead of', async () => {
    const { source, pages } = reading({}, () => false);
    const { nexts } = await drain(pages, (count) => {
      expect(source.asked).toHaveLength(count);
    });
    expect(nexts).toEqual([10, 20, 30, 40, 50]);
  });

  test('asks for nothing after a page that says it is the last', async () => {
    const { source, pages } = reading({ saysLast: true });
    await drain(pages);
    expect(source.asked.map(({ start }) => start)).toEqual([0, 10, 20, 30, 40]);
  });

  test('delivers what is on its way when it is stopped, then throws Stopped', async () => {
    const { source, pages, stop } = reading();
    const { nexts, error } = await drain(pages, (count) => (count === 2 ? stop() : undefined));
    expect(nexts).toEqual([10, 20, 30]);
    expect(error).toBeInstanceOf(Stopped);
    expect(source.asked).toHaveLength(3);
    source.assertLetGo();
  });

  test('ends as if nothing had been said when the stop comes with the last page', async () => {
    const { pages, stop } = reading({ saysLast: true });
    expect(await drain(pages, (count) => (count === 5 ? stop() : undefined))).toMatchObject({ error: null });
  });

  test('asks for nothing when it was stopped before it began', async () => {
    const { source, pages, stop } = reading();
    stop();
    expect((await drain(pages)).error).toBeInstanceOf(Stopped);
    expect(source.asked).toEqual([]);
  });

  test('gives the pages before an error, then throws it', async () => {
    const { source, pages } = reading();
    source.fail({ at: 20, error: BROKEN });
    expect(await drain(pages)).toEqual({ nexts: [10, 20], error: BROKEN });
    source.assertLetGo();
  });

  test('lets go of the source when its reader leaves, and waits until it has', async () => {
    const { source, pages } = reading();
    const left = new Error('the reader leaves');
    const { error } = await drain(pages, () => Promise.reject(left));
    expect(error).toBe(left);
    source.assertLetGo();
  });

  test('hides no outcome behind a source that cannot let go', async () => {
    const { source, pages, stop } = reading();
    source.fail({ at: 'close', error: BROKEN });
    const { nexts, error } = await drain(pages, (count) => (count === 1 ? stop() : undefined));
    expect(nexts).toEqual([10, 20]);
    expect(error).toBeInstanceOf(Stopped);
    source.assertAllFaultsFired();
  });

  test('throws nothing that nobody awaits when an error comes while a page is used', async () => {
    const { source, pages } = reading();
    source.fail({ at: 10, error: BROKEN });
    const { error } = await drain(pages, () =>
      until('it has failed', () => source.asked.length === 2).then(settle),
    );
    expect(error).toBe(BROKEN);
  });
});

/** Lets every promise that is settled be heard of, as Node does before it calls a rejection unhandled. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
