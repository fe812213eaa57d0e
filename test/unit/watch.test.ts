// Watching a job: one look for all who watch, none when nobody does.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWatch, looksAt, type Look } from '../../src/api/watch.js';
import type { Job } from '../../src/core/job.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Jobs that are named after the look that saw them. */
function counting() {
  let looks = 0;
  const show = async (id: string) => ({ id: `${id}${++looks}` }) as Job;
  return { watch: createWatch(show), looks: () => looks };
}

const second = () => vi.advanceTimersByTimeAsync(1_000);

describe('watching', () => {
  it('looks twice a second, once for all who watch the same job', async () => {
    const { watch, looks } = counting();
    const seen: Look[][] = [[], [], []];
    for (const list of seen) watch('a', (look) => list.push(look));
    await second();
    expect(looks()).toBe(3);
    expect(seen[0]).toHaveLength(3);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('looks at each job on its own', async () => {
    const { watch, looks } = counting();
    watch('a', () => {});
    watch('b', () => {});
    await second();
    expect(looks()).toBe(6);
  });

  it('stops when nobody watches any more, and begins again for the next who does', async () => {
    const { watch, looks } = counting();
    const stop = watch('a', () => {});
    watch('a', () => {})();
    await second();
    expect(looks()).toBe(3);
    stop();
    await second();
    expect(looks()).toBe(3);
    watch('a', () => {});
    await second();
    expect(looks()).toBe(6);
  });

  it('goes on after a look that failed, and tells of it', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve({ id: 'a' } as Job)];
    const watch = createWatch(() => answers.shift() ?? Promise.resolve({ id: 'a' } as Job));
    const seen: Look[] = [];
    watch('a', (look) => seen.push(look));
    await second();
    expect(seen.map((look) => ('error' in look ? 'error' : 'job'))).toEqual(['error', 'job', 'job']);
  });

  it('gives a slow reader the newest look only, and ends when told to', async () => {
    const { watch, looks } = counting();
    const stop = new AbortController();
    const reading = looksAt(watch, 'a', stop.signal);
    expect((await reading.next()).value).toEqual({ job: { id: 'a1' } });
    await second();
    expect((await reading.next()).value).toEqual({ job: { id: 'a3' } });
    const waiting = reading.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
    const after = looks();
    await second();
    expect(looks()).toBe(after);
  });
});
