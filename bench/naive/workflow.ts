// A copy as one writes it at first on Temporal: an activity a page.
import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';

export interface NaiveActivities {
  /** Copies the page after so many records; answers how many are copied then, or null at the end. */
  copyPage(after: number): Promise<number | null>;
}

const { copyPage } = proxyActivities<NaiveActivities>({ startToCloseTimeout: '1 minute' });

export async function copyAll(after: number): Promise<void> {
  for (let next = await copyPage(after); next !== null; next = await copyPage(next)) {
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof copyAll>(next);
  }
}
