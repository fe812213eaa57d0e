// Tells those who listen how a job goes: each change of its state, and each tenth of the way, not every figure.
import { useEffect } from 'preact/hooks';
import type { Job } from '../../core/job.js';
import { announce } from '../ui/announce.js';
import { count } from '../words.js';

export function News({ job }: { readonly job: Job }) {
  const { state, error } = job;
  const { percent, records } = job.progress;
  const tenth = percent === null ? 0 : Math.floor(percent / 10);
  useEffect(() => announce(`The job is ${state}. ${error?.message ?? ''}`), [state]);
  useEffect(() => {
    if (state === 'running' && tenth > 0) announce(`${tenth * 10} percent, ${count(records)} records.`);
  }, [tenth]);
  return null;
}
