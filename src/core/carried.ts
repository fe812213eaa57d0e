// Keeps what a job carries from one run of its workflow to the next small, by leaving out what can be found again.
import type { CarriedState, PartitionWork } from './work.js';

/** With the job itself and an error beside it, it stays below 64 KiB. */
const STATE_BYTES = 57_344;

/** The state within its bounds: first without the largest breadcrumbs, then without the last streams of the plan. */
export function withinBounds(state: CarriedState): CarriedState {
  let bounded = forgetBreadcrumbs(state, sizeOf(state) - STATE_BYTES);
  while (sizeOf(bounded) > STATE_BYTES) {
    const shorter = withoutLastStream(bounded);
    if (!shorter) break;
    bounded = shorter;
  }
  return bounded;
}

/** A sink has breadcrumbs of its own beside the data, and without one a partition begins anew: none needs to be carried. */
function forgetBreadcrumbs(state: CarriedState, surplus: number): CarriedState {
  if (surplus <= 0) return state;
  const forgotten = new Map<number, PartitionWork>();
  const largestFirst = state.pending
    .map((work) => ({ work, gain: sizeOf(work) - sizeOf(forget(work)) }))
    .toSorted((a, b) => b.gain - a.gain || a.work.index - b.work.index);
  for (const { work, gain } of largestFirst) {
    if (surplus <= 0 || gain <= 0) break;
    forgotten.set(work.index, forget(work));
    surplus -= gain;
  }
  return { ...state, pending: state.pending.map((work) => forgotten.get(work.index) ?? work) };
}

/** The tallies stay for people to see. */
function forget(work: PartitionWork): PartitionWork {
  const { checkpoint } = work;
  return checkpoint ? { ...work, checkpoint: { ...checkpoint, cursor: null, sink: null } } : work;
}

/** The last stream, if none of it was begun, is planned again later; null: it was. */
function withoutLastStream(state: CarriedState): CarriedState | null {
  const { pending, plan, streams, estimated } = state;
  const [before, last] = streams.slice(-2);
  if (!before || !last) return null;
  const own = pending.filter((work) => work.stream === last.name && work.checkpoint === null);
  if (own.length < last.total) return null;
  return {
    ...state,
    plan: { after: before.name, done: false, nextIndex: plan.nextIndex - last.total },
    pending: pending.filter((work) => work.stream !== last.name),
    streams: streams.slice(0, -1),
    streamsTotal: state.streamsTotal - 1,
    estimated: { ...estimated, known: estimated.known - (last.estimate ?? 0) },
  };
}

/** Of its JSON in UTF-8. */
export function sizeOf(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
