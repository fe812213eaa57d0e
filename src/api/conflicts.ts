// What may be asked of a job in which state.
import { LonghaulError } from '../core/errors.js';
import { ENDED, type Job } from '../core/job.js';

export const ACTIONS = ['pause', 'resume', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

export function conflict(job: Job, action: Action | 'retry' | 'change'): LonghaulError {
  return new LonghaulError('job_state_conflict', `Cannot ${action} the job: it is ${job.state}.`);
}

export function isSteerable({ state }: Job): boolean {
  return state !== 'cancelling' && !ENDED.includes(state);
}
