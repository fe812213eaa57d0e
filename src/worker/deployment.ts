// Which version of a worker deployment this process is, where Temporal shall route by that: docs/deploying.md.
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { LonghaulError } from '../core/errors.js';

/**
 * By the variables that Temporal's Worker Controller sets; undefined: this worker has no version. Throws `config_invalid`
 * where one of the two is missing.
 */
export function deploymentIn(
  env: Readonly<Record<string, string | undefined>>,
): WorkerDeploymentOptions | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = env;
  if (!deploymentName && !buildId) return undefined;
  if (!deploymentName || !buildId) {
    throw new LonghaulError(
      'config_invalid',
      'A worker deployment has a name and a build id, and one is set.',
      {
        hint: 'Set TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID, or neither of them.',
      },
    );
  }
  // Jobs last for weeks: pinned ones would keep every old worker in service for as long.
  const defaultVersioningBehavior = 'AUTO_UPGRADE';
  return { version: { deploymentName, buildId }, useWorkerVersioning: true, defaultVersioningBehavior };
}
