// Watching a job: one look for all who watch, none when nobody does.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWatch, looksAt, type Look, type Watcher } from '../../src/api/watch.js';
import type { Job } from '../../src/core/job.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watchOf(show: (id: string) => Promise<Job>) {
  const all = createWatch({ show, clock: Date.now });
  return { all, watch: (id: string, watcher: Watcher) => all.begin(id, watcher) };
}

/** Jobs that are named after the look that saw them. */
function counting() {
  let looks = 0;
  const show = async (id: string) => ({ id: `${id}${++looks}`, state: 'running' }) as Job;
  return { ...watchOf(show), looks: () => looks };
}

const second = () => vi.advanceTimersByTimeAsync(1_000);

describe('watching', () => {
  it('looks once a second, once for all who watch the same job', async () => {
    const { watch, looks } = counting();
    const seen: Look[][] = [[], [], []];
    for (const list of seen) watch('a', (look) => list.push(look));
    await second();
    expect(looks()).toBe(2);
    expect(seen[0]).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('looks at each job on its own', async () => {
    const { watch, looks } = counting();
    watch('a', () => {});
    watch('b', () => {});
    await second();
    expect(looks()).toBe(4);
  });

  it('stops when nobody watches any more, and begins again for the next who does', async () => {
    const { watch, looks } = counting();
    const stop = watch('a', () => {});
    watch('a', () => {})();
    await second();
    expect(looks()).toBe(2);
    stop();
    await second();
    expect(looks()).toBe(2);
    watch('a', () => {});
    await second();
    expect(looks()).toBe(4);
  });

  it('goes on after a look that failed, and tells of it', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve({ id: 'a' } as Job)];
    const { watch } = watchOf(() => answers.shift() ?? Promise.resolve({ id: 'a' } as Job));
    const seen: Look[] = [];
    watch('a', (look) => seen.push(look));
    await second();
    expect(seen.map((look) => ('error' in look ? 'error' : 'job'))).toEqual(['error', 'job']);
  });

  it('gives a slow reader the newest look only, and ends when told to', async () => {
    const { all, looks } = counting();
    const stop = new AbortController();
    const reading = looksAt(all, 'a', stop.signal);
    expect((await reading.next()).value).toMatchObject({ job: { id: 'a1' } });
    await second();
    expect((await reading.next()).value).toMatchObject({ job: { id: 'a2' } });
    const waiting = reading.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
    const after = looks();
    await second();
    expect(looks()).toBe(after);
  });

  it('takes the same look for whoever comes within its second, and another one after it', async () => {
    const { all, looks } = counting();
    const ids = await Promise.all(Array.from({ length: 500 }, async () => (await all.look('a')).id));
    expect([new Set(ids), looks()]).toEqual([new Set(['a1']), 1]);
    await second();
    expect((await all.look('a')).id).toBe('a2');
  });

  it('looks anew at a job that had ended, which may have been retried', async () => {
    const states = ['failed', 'queued'] as const;
    let looks = 0;
    const { all } = watchOf(async (id) => ({ id, state: states[looks++] }) as Job);
    expect((await all.look('a')).state).toBe('failed');
    expect((await all.look('a')).state).toBe('queued');
  });

  it('tells many watchers in turns, so that others are served in between', async () => {
    const { watch } = counting();
    let told = 0;
    for (let i = 0; i < 100; i++) watch('a', () => told++);
    let toldBefore = -1;
    setImmediate(() => (toldBefore = told));
    await vi.advanceTimersByTimeAsync(500);
    expect(toldBefore).toBeLessThan(100);
    expect(told).toBe(100);
  });
});
