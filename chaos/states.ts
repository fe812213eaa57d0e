// The states that a job went through, as its history has them, held against those that may follow each other.
import { JOB_STATES, type JobState } from '../src/core/job.js';
import { SEARCH_ATTRIBUTES } from '../src/core/names.js';
import type { Event } from '../test/support/job-history.js';

/**
 * Of one run and those that continue it. A retry begins a run of its own. What was asked to pause or to end may yet fail to,
 * or be done by then.
 */
const FOLLOW: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'paused', 'waiting', 'cancelling'],
  running: ['paused', 'waiting', 'cancelling', 'completed', 'failed'],
  paused: ['running', 'waiting', 'cancelling', 'completed', 'failed'],
  waiting: ['running', 'paused', 'cancelling', 'failed'],
  cancelling: ['cancelled', 'completed', 'failed'],
  completed: [],
  failed: [],
  cancelled: [],
};

/** `from → to` of each change, in the runs of one job. Throws at one that may not be. */
export function changesOf(id: string, runs: readonly (readonly Event[])[]): string[] {
  const states = runs.flat().flatMap(stateIn);
  const changes: string[] = [];
  for (const [i, to] of states.entries()) {
    const from = states[i - 1];
    if (from === undefined || from === to) continue;
    if (!FOLLOW[from].includes(to)) throw new Error(`${id} went from ${from} to ${to}: ${states.join(', ')}`);
    changes.push(`${from} → ${to}`);
  }
  if (states.length === 0) throw new Error(`the history of ${id} tells of no state`);
  return changes;
}

/** A run begins with the state that it was started with. */
function stateIn(event: Event): JobState[] {
  const { searchAttributes } =
    event.upsertWorkflowSearchAttributesEventAttributes ??
    event.workflowExecutionStartedEventAttributes ??
    {};
  const data = searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.state]?.data;
  if (!data) return [];
  const state: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  const known = JOB_STATES.find((each) => each === state);
  if (!known) throw new Error(`no state of a job: ${String(state)}`);
  return [known];
}
