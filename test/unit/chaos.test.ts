// What finds fault in a chaos run finds it: a check that is always content would prove nothing.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { broken } from '../../chaos/bounds.js';
import { emptyTally } from '../../chaos/jobs.js';
import { expectNoMore, type Holding } from '../../chaos/leaks.js';
import { startNetwork } from '../../chaos/network.js';
import type { Outcome } from '../../chaos/run.js';
import { FAULTS, schedule, type Strike } from '../../chaos/schedule.js';
import { changesOf } from '../../chaos/states.js';
import { SEARCH_ATTRIBUTES } from '../../src/core/names.js';
import type { Event } from '../support/job-history.js';
import { until } from '../support/until.js';

const HOUR = 3_600_000;

describe('a schedule', () => {
  const first = (seed: number, count: number): Strike[] => {
    const strikes = schedule(seed);
    return Array.from({ length: count }, () => strikes.next().value as Strike);
  };

  test('is the same for the same seed, and another for another', () => {
    expect(first(11, 100)).toEqual(first(11, 100));
    expect(first(12, 100)).not.toEqual(first(11, 100));
  });

  test('has each kind before one comes a third time', () => {
    const kinds = first(11, 2 * FAULTS.length).map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(FAULTS.length);
  });
});

describe('states of a job', () => {
  const events = (...states: string[]): Event[] =>
    states.map((state) => ({
      upsertWorkflowSearchAttributesEventAttributes: {
        searchAttributes: {
          indexedFields: { [SEARCH_ATTRIBUTES.state]: { data: Buffer.from(JSON.stringify(state)) } },
        },
      },
    }));

  test('are told over all runs, what stays the same left out', () => {
    const runs = [events('queued', 'running', 'paused'), events('paused', 'running', 'completed')];
    expect(changesOf('job-1', runs)).toEqual([
      'queued → running',
      'running → paused',
      'paused → running',
      'running → completed',
    ]);
  });

  test('that may not follow each other, or are none, are found', () => {
    expect(() => changesOf('job-1', [events('running', 'completed', 'running')])).toThrow(
      'from completed to running',
    );
    expect(() => changesOf('job-1', [events('asleep')])).toThrow('asleep');
    expect(() => changesOf('job-1', [[]])).toThrow('no state');
  });
});

describe('bounds of a run', () => {
  const recovery = (ms: number) => ({ kind: 'API SIGKILL' as const, ms });
  const outcome = (differing: Partial<Outcome>): Outcome => ({
    ...emptyTally(),
    faults: Array.from({ length: 300 }, (_, i) => FAULTS[i % FAULTS.length]!),
    recoveries: [recovery(3_000)],
    jobs: new Map([['backup', 50]]),
    pages: 1_000,
    ...differing,
  });

  test('are kept by a good run, and each is found broken', () => {
    expect(broken(outcome({}), HOUR)).toEqual([]);
    const bad: Partial<Outcome>[] = [
      { recoveries: Array.from({ length: 50 }, () => recovery(10_100)) },
      { repeated: 21 },
      { faults: FAULTS },
      { faults: Array.from({ length: 300 }, () => FAULTS[0]!) },
      { jobs: new Map([['backup', 29]]) },
    ];
    for (const differing of bad) expect(broken(outcome(differing), HOUR)).toHaveLength(1);
  });
});

describe('what processes hold', () => {
  const holding = (files: number): Holding => ({ name: 'worker', files, sockets: 3, memory: 1 });

  test('may be a little more, and neither much more nor another process', () => {
    const before = new Map([[7, holding(30)]]);
    expectNoMore(before, new Map([[7, holding(33)]]));
    expect(() => expectNoMore(before, new Map([[7, holding(50)]]))).toThrow('held 30 files open, and 50');
    expect(() => expectNoMore(before, new Map([[8, holding(30)]]))).toThrow('ended');
  });
});

describe('a network', () => {
  test('that is cut holds up what is sent, both ways, and brings it in order when it is whole again', async () => {
    const far = createServer((socket) => socket.on('data', (bytes) => socket.write(`${String(bytes)}!`)));
    far.listen(0, '127.0.0.1');
    await once(far, 'listening');
    const network = await startNetwork((far.address() as AddressInfo).port);
    const near = connect(Number(network.address.split(':')[1]), '127.0.0.1');
    let heard = '';
    near.on('data', (bytes) => (heard += String(bytes)));
    near.write('a');
    await until('an answer', () => heard === 'a!');
    network.cut();
    near.write('b');
    await until('it is held up', () => network.held() === 1);
    expect(network.isCut()).toBe(true);
    expect(heard).toBe('a!');
    network.heal();
    await until('the answer to what was held up', () => heard === 'a!b!');
    near.destroy();
    await network.close();
    far.close();
  });
});
