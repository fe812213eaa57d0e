// The activities as the workflows call them: timeouts, retries, and what a person reads beside each in the Web UI.
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../core/work.js';

/** Worst case after a worker is killed: this, plus a moment for the retry, until another attempt starts. */
const HEARTBEAT_TIMEOUT = '5s';

/**
 * Attempts end by lost workers and hand-overs only: those may come any number of times over weeks, and the next attempt
 * should start at once. Errors that must not be repeated arrive as non-retryable.
 */
const again = { initialInterval: '200ms', backoffCoefficient: 1 } as const;

/** Copies one chunk. A cancelled chunk flushes and returns its checkpoint as a normal result. */
export const { copy } = proxyActivities<Pick<Activities, 'copy'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: again,
});

export const { plan, settle } = proxyActivities<Pick<Activities, 'plan' | 'settle'>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: again,
});

/** One that is cancelled may have published all the same: only its end tells. */
export const { seal } = proxyActivities<Pick<Activities, 'seal'>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: again,
});

export const { discard, removeArchive } = proxyActivities<Pick<Activities, 'discard' | 'removeArchive'>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: again,
});

export const { checkConnection } = proxyActivities<Pick<Activities, 'checkConnection'>>({
  startToCloseTimeout: '30s',
  scheduleToStartTimeout: '10s',
  retry: { maximumAttempts: 1 },
});
