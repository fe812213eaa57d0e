// A page of jobs with live figures. The API's list knows finished chunks only, so the jobs on their way are asked for.
import { api, type JobPage } from '../api.js';
import type { Ask } from '../hooks/polled.js';
import { ENDED, type Job } from '../../core/job.js';
import type { Query } from '../route.js';

const LIMIT = '25';
/** More than these at once would be a load: the others of the page show what their finished chunks add up to. */
const LIVE_AT_MOST = 10;

/** The list is there to be read before the live figures are. */
export function listLive(filter: Query): Ask<JobPage> {
  return async (showFirst) => {
    const page = await api.jobs({ limit: LIMIT, ...filter });
    showFirst(page);
    const open = page.jobs.filter(({ state }) => !ENDED.includes(state)).slice(0, LIVE_AT_MOST);
    const live = new Map(await Promise.all(open.map(async (job) => [job.id, await latest(job)] as const)));
    return { ...page, jobs: page.jobs.map((job) => live.get(job.id) ?? job) };
  };
}

async function latest(job: Job): Promise<Job> {
  return api.job(job.id).catch(() => job);
}
