// Which events a watcher is sent, look after look.
import { describe, expect, it } from 'vitest';
import { eventsOf, seenOf, type Seen } from '../../src/api/job-events.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type { Job, JobState } from '../../src/core/job.js';
import { toJob } from '../../src/core/view.js';

const request = {
  spec: { kind: 'backup', source: { connection: 'crm' }, sink: { connection: 'vault' } },
  createdAt: '2026-03-01T11:00:00.000Z',
  bodyHash: null,
} as const;

function jobAt(records: number, state: JobState = 'running'): Job {
  const facts = { id: 'j', status: 'RUNNING', request, job: null, closedAt: null, chunks: [] } as const;
  const job = toJob({ ...facts, cancelRequested: false, webUi: null, now: 0 });
  return { ...job, state, progress: { ...job.progress, ...NO_TALLIES, records } };
}

/** The names of the events of each look, and what is seen at the end. */
function watch(looks: readonly Job[], from: Seen = seenOf(undefined)) {
  let seen = from;
  const sent = looks.map((job) => {
    const next = eventsOf(seen, job);
    seen = next.seen;
    return next.events;
  });
  return { sent, names: sent.map((events) => events.map(({ event }) => event)), seen };
}

function idAfter(looks: readonly Job[]): string {
  return watch(looks).sent.flat().at(-1)?.id ?? '';
}

describe('events', () => {
  it('begin with the state, tell what moved, and end with done', () => {
    const looks = [jobAt(0, 'queued'), jobAt(0), jobAt(5), jobAt(5), jobAt(9), jobAt(9, 'completed')];
    expect(watch(looks).names).toEqual([
      ['state'],
      ['state'],
      ['progress'],
      [],
      ['progress'],
      ['state', 'done'],
    ]);
  });

  it('carry the whole job', () => {
    const [first] = watch([jobAt(3)]).sent;
    expect(first?.[0]?.job).toEqual(jobAt(3));
  });

  it('hold the figures where a look is behind the one before', () => {
    const { sent } = watch([jobAt(8), jobAt(3, 'paused'), jobAt(12)]);
    expect(sent.flat().map(({ job }) => job.progress.records)).toEqual([8, 8, 12]);
  });
});

describe('Last-Event-ID', () => {
  it('takes up where the watcher was: no state again, no figure going back', () => {
    const seen = seenOf(idAfter([jobAt(5), jobAt(8)]));
    const { names, sent } = watch([jobAt(6), jobAt(11)], seen);
    expect(names).toEqual([['progress'], ['progress']]);
    expect(sent.flat().map(({ job }) => job.progress.records)).toEqual([8, 11]);
  });

  it('tells a watcher that missed the end that the job is done', () => {
    const ended = jobAt(9, 'completed');
    const missedBoth = seenOf(idAfter([jobAt(5)]));
    expect(watch([ended], missedBoth).names).toEqual([['state', 'done']]);
    const missedDone = seenOf(watch([ended]).sent.flat()[0]?.id);
    expect(watch([ended], missedDone).names).toEqual([['done']]);
  });

  it('knows that done was seen', () => {
    expect(seenOf(idAfter([jobAt(9, 'failed')])).done).toBe(true);
    expect(seenOf(idAfter([jobAt(9)])).done).toBe(false);
  });

  it.each([
    undefined,
    '',
    '17',
    'done',
    'state.flying.1.1.1.1.1.1',
    'state.running.1.x.1.1.1.1',
    'state.running.-1.1.1.1.1.1',
  ])('counts %s as nothing seen', (id) => {
    expect(watch([jobAt(2)], seenOf(id)).names).toEqual([['state']]);
  });
});
