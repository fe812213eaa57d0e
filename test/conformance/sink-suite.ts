// What every sink that keeps records must do: the guarantees of core/connector.ts, as tests. Whatever is killed, repeated
// or run twice at once, what is published is the same.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Head, SealSummary, Sink } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import type { Fault } from '../support/wrapped-store.js';
import { testContext } from '../support/reading.js';
import {
  breadcrumb,
  csvPage,
  headOf,
  jsonPage,
  newMemory,
  REPORT,
  runJob,
  stream,
  textsOf,
  type Memory,
  type PartWork,
  type Work,
} from '../support/writing.js';

/** One empty place, and the sinks of one job on it: each as a process of its own would open it. */
export interface SinkUnderTest {
  sink(): Sink;
  /** The sink of another job on the same place. */
  rival(): Sink;
  /** A sink whose `at`th operation on what lies below breaks. */
  breaking(fault: Fault): WrappedSink;
  /** A sink that does all of `meanwhile` before its `at`th operation on what lies below. */
  heldUp(at: number, meanwhile: () => Promise<void>): WrappedSink;
  /** What is published: the text of each stream, without CSV headers. Throws where it is not whole. null: nothing is. */
  published(): Promise<ReadonlyMap<string, string> | null>;
  /** What lies there beside what is published. */
  leftovers(): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

export interface WrappedSink {
  readonly sink: Sink;
  /** The operation that was broken or held up; null: there were fewer. */
  readonly reached: () => string | null;
}

export interface SinkSubject {
  open(): Promise<SinkUnderTest>;
  /** Tests that cannot hold for this sink, by title, each with its reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

type SinkTest = (it: SinkUnderTest) => Promise<void>;

const LONG_NAME = `${'ünï/../🚚 '.repeat(30)}end`;
const STATE_LIMIT = 4_096;

const WORK: Work = {
  streams: [stream('contacts'), stream('empty'), stream('rows', 'csv')],
  parts: [
    part('contacts', '0', 0, [
      [jsonPage('{"id":1}'), jsonPage('{"id":2}', '{"id":3}')],
      [jsonPage('{"id":4}')],
    ]),
    part('contacts', '1', 1, [[], [jsonPage('{"id":18446744073709551615}')], []]),
    part('empty', '0', 2, [[]]),
    part('rows', '0', 3, [[csvPage('1,"two\nlines"')], [csvPage('2,', '3,""')]]),
  ],
};
/** Little, since it is written hundreds of times: every kind of step once or twice. */
const SMALL: Work = {
  streams: [stream('contacts'), stream('rows', 'csv')],
  parts: [
    part('contacts', '0', 0, [[jsonPage('{"id":1}'), jsonPage('{"id":2}')], [jsonPage('{"id":3}')]]),
    part('rows', '0', 1, [[csvPage('1,"two\nlines"')]]),
  ],
};
const ONE: Work = {
  streams: [stream('one')],
  parts: [part('one', '0', 0, [[jsonPage('1')], [jsonPage('2')], [jsonPage('3')]])],
};

const TESTS: Readonly<Record<string, SinkTest>> = {
  'publishes every record of every stream in order, and nothing before it is sealed': async (it) => {
    const memory = newMemory();
    await expect(runJob({ ...it.sink(), seal: stopHere }, WORK, memory)).rejects.toThrow('stop here');
    expect(await it.published()).toBeNull();
    const summary = await runJob(it.sink(), WORK, memory);
    await expectWhole(it, WORK);
    expect(summary).toMatchObject({ records: 8 });
  },

  'goes on in a new process from what the last flush returned': async (it) => {
    const memory = newMemory();
    for (const { target, flushes } of ONE.parts) {
      await it.sink().begin(testContext(), ONE.streams);
      for (const [done, pages] of flushes.entries()) {
        const state = throughJson(memory.flushed.get(target.index)?.state ?? null);
        const writer = await it.sink().open(testContext(), target, state);
        for (const page of pages) await writer.write(page);
        const next = await writer.flush(breadcrumb(done + 1, done + 1 === flushes.length));
        memory.flushed.set(target.index, { state: next, flushes: done + 1 });
      }
    }
    await seal(it.sink(), ONE, memory);
    await expectWhole(it, ONE);
  },

  'forgets what was written and not flushed': async (it) => {
    const { memory, target } = await begun(it);
    const lost = await it.sink().open(testContext(), target, null);
    await lost.write(jsonPage('lost'));
    await lost.abort();
    const killed = await it.sink().open(testContext(), target, null);
    await killed.write(jsonPage('killed'));
    await runJob(it.sink(), ONE, memory);
    await expectWhole(it, ONE);
    await killed.abort();
  },

  'needs nothing of a page that it has taken, where it says so': async (it) => {
    const { target } = await begun(it);
    const writer = await it.sink().open(testContext(), target, null);
    for (const record of ['1', '2', '3']) {
      const page = jsonPage(record);
      await writer.write(page);
      if (writer.copies) for (const chunk of page.payload.chunks) chunk.fill(0);
    }
    const state = await writer.flush(breadcrumb(1, true));
    await sealWith(it.sink(), [{ ...target, records: 3, state }]);
    expect((await it.published())?.get('one')).toBe('1\n2\n3\n');
  },

  'goes on after a flush that had nothing new': async (it) => {
    const { target } = await begun(it);
    const writer = await it.sink().open(testContext(), target, null);
    const first = await writer.flush(breadcrumb(0, false));
    expect(await writer.flush(breadcrumb(0, false))).toEqual(first);
    await writer.write(jsonPage('1'));
    const second = await writer.flush(breadcrumb(1, false));
    expect(await writer.flush(breadcrumb(1, false))).toEqual(second);
    const last = await writer.flush(breadcrumb(1, true));
    await sealWith(it.sink(), [{ ...target, records: 1, state: last }]);
    expect((await it.published())?.get('one')).toBe('1\n');
  },

  'keeps its state under 4 KiB for names of any length and script': async (it) => {
    const work = { streams: [stream(LONG_NAME)], parts: [part(LONG_NAME, '0', 0, [[jsonPage('1')]])] };
    const memory = newMemory();
    await runJob(it.sink(), work, memory);
    expect(JSON.stringify(memory.flushed.get(0)?.state).length).toBeLessThan(STATE_LIMIT);
    await expectWhole(it, work);
  },

  'keeps streams apart whose names differ in case, dots or slashes only': async (it) => {
    const names = [
      'A',
      'a',
      'a/b',
      'a b',
      'a.b',
      '..',
      '.',
      '',
      '/',
      'con',
      '.work',
      'manifest.json',
      'a--b',
      'é',
      'é',
    ];
    const sorted = names.toSorted();
    const work = {
      streams: sorted.map((name) => stream(name)),
      parts: sorted.map((name, i) => part(name, '0', i, [[jsonPage(JSON.stringify(name))]])),
    };
    await runJob(it.sink(), work);
    await expectWhole(it, work);
  },

  'takes the writer that the job knows of, in every order of two writers at once': async (it) => {
    for (const order of ['aabb', 'abab', 'abba', 'baab', 'baba', 'bbaa']) {
      for (const winner of ['a', 'b'] as const) {
        await race(it, order, winner);
        await it.dispose();
      }
    }
  },

  'lets no writer change what is published after the seal': async (it) => {
    const { memory, target } = await begun(it);
    const zombie = await it.sink().open(testContext(), target, null);
    await zombie.write(jsonPage('late'));
    await runJob(it.sink(), ONE, memory);
    await expect(zombie.flush(breadcrumb(1, true))).rejects.toMatchObject({ name: 'LonghaulError' });
    await zombie.abort();
    await expectWhole(it, ONE);
  },

  'gives the same summary when it seals again, alone or twice at once': async (it) => {
    const memory = newMemory();
    const first = await runJob(it.sink(), WORK, memory);
    expect(await seal(it.sink(), WORK, memory)).toEqual(first);
    const both = await Promise.all([seal(it.sink(), WORK, memory), seal(it.sink(), WORK, memory)]);
    expect(both).toEqual([first, first]);
    await expectWhole(it, WORK);
  },

  'seals once when two processes seal at once': async (it) => {
    const memory = newMemory();
    await expect(runJob({ ...it.sink(), seal: stopHere }, WORK, memory)).rejects.toThrow('stop here');
    const sealing = Array.from({ length: 4 }, () => seal(it.sink(), WORK, memory));
    const summaries = await Promise.all(sealing);
    expect(new Set(summaries.map((summary) => JSON.stringify(summary))).size).toBe(1);
    await expectWhole(it, WORK);
  },

  'settles the same heads again to the same end': async (it) => {
    const memory = newMemory();
    await expect(runJob({ ...it.sink(), seal: stopHere }, WORK, memory, 100)).rejects.toThrow('stop here');
    const heads = memory.heads;
    const first = await it.sink().settle(testContext(), heads.slice(0, 2), null);
    expect(await it.sink().settle(testContext(), heads.slice(0, 2), null)).toEqual(first);
    const settled = await it.sink().settle(testContext(), throughJson(heads.slice(2)), throughJson(first));
    await it.sink().seal(testContext(), { heads: [], settled, report: REPORT });
    await expectWhole(it, WORK);
  },

  'refuses to seal when the head of a partition is missing': async (it) => {
    const memory = newMemory();
    await expect(runJob({ ...it.sink(), seal: stopHere }, WORK, memory, 100)).rejects.toThrow('stop here');
    const { heads } = memory;
    const sealing = it.sink().seal(testContext(), { heads: heads.slice(1), settled: null, report: REPORT });
    await expect(sealing).rejects.toMatchObject({ name: 'LonghaulError' });
    expect(await it.published()).toBeNull();
  },

  'removes all of a job that is given up, as often as it is told to': async (it) => {
    const memory = newMemory();
    await expect(runJob({ ...it.sink(), seal: stopHere }, WORK, memory)).rejects.toThrow('stop here');
    const [{ target }] = WORK.parts as [PartWork];
    const zombie = await it.sink().open(testContext(), target, null);
    await zombie.write(jsonPage('late'));
    await it.sink().discard(testContext());
    await it.sink().discard(testContext());
    await expect(zombie.flush(breadcrumb(1, true))).rejects.toMatchObject({ name: 'LonghaulError' });
    await zombie.abort();
    await expect(seal(it.sink(), WORK, memory)).rejects.toMatchObject({ name: 'LonghaulError' });
    expect(await it.published()).toBeNull();
    expect(await it.leftovers()).toEqual([]);
  },

  'keeps what is published when it is told to give up too late': async (it) => {
    await runJob(it.sink(), WORK);
    await it.sink().discard(testContext());
    await it.rival().discard(testContext());
    await expectWhole(it, WORK);
  },

  'refuses the place of another job, running or done, and leaves it alone': async (it) => {
    const taken = { name: 'LonghaulError', code: 'archive_exists' };
    const memory = newMemory();
    await it.sink().begin(testContext(), WORK.streams);
    await expect(it.rival().begin(testContext(), ONE.streams)).rejects.toMatchObject(taken);
    await it.rival().discard(testContext());
    await runJob(it.sink(), WORK, memory);
    await expect(it.rival().begin(testContext(), ONE.streams)).rejects.toMatchObject(taken);
    await expect(seal(it.rival(), WORK, memory)).rejects.toMatchObject(taken);
    await expectWhole(it, WORK);
  },

  'lets one of two jobs have a place that both want at once': async (it) => {
    const begins = [it.sink(), it.rival()].map((sink) => sink.begin(testContext(), WORK.streams));
    const results = await Promise.allSettled(begins);
    expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  },

  'finds the newest checkpoint by itself': async (it) => {
    const { target } = await begun(it);
    const sink = it.sink();
    if (!sink.recover) return;
    expect(await sink.recover(testContext(), target, null)).toBeNull();
    const writer = await sink.open(testContext(), target, null);
    const states: Json[] = [];
    for (const flushes of [1, 2, 3]) {
      await writer.write(jsonPage(String(flushes)));
      states.push(await writer.flush(breadcrumb(flushes, flushes === 3)));
    }
    const newest = { ...breadcrumb(3, true), sink: states[2] };
    for (const known of [null, states[0] ?? null, states[1] ?? null]) {
      expect(await it.sink().recover?.(testContext(), target, known)).toEqual(newest);
    }
    expect(await it.sink().recover?.(testContext(), target, states[2] ?? null)).toBeNull();
    const other = { ...target, partition: '1', index: 1 };
    expect(await it.sink().recover?.(testContext(), other, null)).toBeNull();
  },

  'publishes the same whichever step breaks': async (it) => {
    for (const takesEffect of [false, true]) {
      for (const forGood of [false, true]) {
        for (let at = 0, more = true; more; at += 1) {
          more = await breakAt(it, { at, takesEffect, forGood });
          await it.dispose();
        }
      }
    }
  },

  'comes to one right end when two steps overlap, wherever one of them is held up': async (it) => {
    for (const [held, meanwhile] of OVERLAPS) {
      for (let at = 0, more = true; more; at += 1) {
        more = await overlap(it, held, meanwhile, at);
        await it.dispose();
      }
    }
  },

  'clears away everything whichever step of giving up breaks': async (it) => {
    for (const forGood of [false, true]) {
      for (let at = 0, more = true; more; at += 1) {
        more = await breakDiscardAt(it, { at, takesEffect: at % 2 === 0, forGood });
        await it.dispose();
      }
    }
  },
};

/** Holds one kind of sink to the contract. */
export function describeSink(name: string, subject: SinkSubject): void {
  const skipped = new Map(subject.skip?.map(({ test, reason }) => [test, reason]));
  for (const title of skipped.keys()) {
    if (!(title in TESTS)) throw new Error(`the sink suite has no test "${title}" to skip`);
  }
  describe(`${name} as a sink`, () => {
    let it: SinkUnderTest;
    beforeEach(async () => void (it = await subject.open()));
    afterEach(() => it.dispose());
    test.for(Object.entries(TESTS))('%s', { timeout: 300_000 }, async ([title, run], context) => {
      context.skip(skipped.has(title), skipped.get(title));
      expect(await run(it)).toBeUndefined();
    });
  });
}

type Step = 'flush' | 'seal' | 'discard';

const OVERLAPS: readonly (readonly [held: Step, meanwhile: Step])[] = [
  ['seal', 'seal'],
  ['seal', 'discard'],
  ['discard', 'seal'],
  ['discard', 'discard'],
  ['flush', 'seal'],
  ['flush', 'discard'],
];

/** Says whether the first step made so many operations. Afterwards everything is published, or there is nothing. */
async function overlap(it: SinkUnderTest, first: Step, second: Step, at: number): Promise<boolean> {
  const memory = newMemory();
  await expect(runJob({ ...it.sink(), seal: stopHere }, SMALL, memory)).rejects.toThrow('stop here');
  const steps: Readonly<Record<Step, (sink: Sink) => Promise<unknown>>> = {
    seal: (sink) => seal(sink, SMALL, memory),
    discard: (sink) => sink.discard(testContext()),
    flush: lateFlush,
  };
  const seen = new Map<Step, unknown>();
  const note = async (step: Step, on: Sink) =>
    seen.set(step, await steps[step](on).catch((error: unknown) => `failed: ${String(error)}`));
  const { sink, reached } = it.heldUp(at, async () => void (await note(second, it.sink())));
  await note(first, sink);
  if (reached() === null) return false;

  const what = `${first} held up at ${at}, ${reached()}, by ${second}: ${JSON.stringify([...seen])}`;
  // Who is told that it is sealed can rely on it; a flush that comes late changes nothing.
  const isSealed = typeof seen.get('seal') === 'object';
  expect((await it.published())?.get('contacts'), `at ${what}`).toBe(isSealed ? textOf(SMALL) : undefined);
  expect(isSealed || seen.has('discard'), `at ${what}`).toBe(true);
  expect(await it.leftovers(), `at ${what}`).toEqual([]);
  return true;
}

/** Of a writer that the job has given up for dead. */
async function lateFlush(sink: Sink): Promise<void> {
  const [{ target }] = SMALL.parts as [PartWork];
  const writer = await sink.open(testContext(), target, null);
  try {
    await writer.write(jsonPage('late'));
    await writer.flush(breadcrumb(1, true));
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function textOf(work: Work): string {
  return work.parts
    .filter((each) => each.target.stream === 'contacts')
    .map(textsOf)
    .join('');
}

/** Two writers go on from one place; the job hears of one of them only. */
async function race(it: SinkUnderTest, order: string, winner: 'a' | 'b'): Promise<void> {
  const { target } = await begun(it);
  const base = await it.sink().open(testContext(), target, null);
  await base.write(jsonPage('base'));
  const state = await base.flush(breadcrumb(1, false));
  const writers = {
    a: await it.sink().open(testContext(), target, state),
    b: await it.sink().open(testContext(), target, state),
  };
  const done = { a: 0, b: 0 };
  const states: Partial<Record<'a' | 'b', Json>> = {};
  for (const who of order as Iterable<'a' | 'b'>) {
    done[who] += 1;
    await writers[who].write(jsonPage(`${who}${done[who]}`));
    states[who] = await writers[who].flush(breadcrumb(1 + done[who], done[who] === 2));
  }
  await sealWith(it.sink(), [{ ...target, records: 3, state: states[winner] ?? null }]);
  expect((await it.published())?.get('one'), `order ${order}`).toBe(`base\n${winner}1\n${winner}2\n`);
  expect(await it.leftovers(), `order ${order}`).toEqual([]);
}

/** Says whether there was such a step. */
async function breakAt(it: SinkUnderTest, fault: Fault): Promise<boolean> {
  const memory = newMemory();
  const { sink, reached } = it.breaking(fault);
  await runJob(sink, SMALL, memory, 1).catch(() => undefined);
  await runJob(it.sink(), SMALL, memory, 1);
  await expectWhole(it, SMALL, `${JSON.stringify(fault)} ${reached()}`);
  return reached() !== null;
}

async function breakDiscardAt(it: SinkUnderTest, fault: Fault): Promise<boolean> {
  await expect(runJob({ ...it.sink(), seal: stopHere }, SMALL)).rejects.toThrow('stop here');
  const { sink, reached } = it.breaking(fault);
  await sink.discard(testContext()).catch(() => undefined);
  await it.sink().discard(testContext());
  expect(await it.leftovers(), `${JSON.stringify(fault)} ${reached()}`).toEqual([]);
  return reached() !== null;
}

async function begun(it: SinkUnderTest) {
  await it.sink().begin(testContext(), ONE.streams);
  const [{ target }] = ONE.parts as [PartWork];
  return { memory: newMemory(), target };
}

function seal(sink: Sink, work: Work, memory: Memory): Promise<SealSummary> {
  const heads = memory.settled === null ? work.parts.map((each) => headOf(each, memory)) : memory.heads;
  return sink.seal(testContext(), { heads, settled: memory.settled, report: REPORT });
}

function sealWith(sink: Sink, heads: readonly Head[]): Promise<SealSummary> {
  return sink.seal(testContext(), { heads, settled: null, report: REPORT });
}

async function expectWhole(it: SinkUnderTest, work: Work, message = ''): Promise<void> {
  const expected = new Map(work.streams.map(({ name }) => [name, '']));
  for (const each of work.parts) {
    const { stream: name } = each.target;
    expected.set(name, (expected.get(name) ?? '') + textsOf(each));
  }
  expect(await it.published(), `after ${message}`).toEqual(expected);
  expect(await it.leftovers(), `after ${message}`).toEqual([]);
}

function part(name: string, partition: string, index: number, flushes: PartWork['flushes']): PartWork {
  return { target: { stream: name, partition, index }, flushes };
}

async function stopHere(): Promise<never> {
  throw new Error('stop here');
}

/** As it comes back from Temporal. */
function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
