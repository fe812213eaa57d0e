// Which version of a worker deployment a worker says it is.
import { expect, test } from 'vitest';
import { deploymentIn } from '../../src/worker/deployment.js';

test('a worker has the version that the environment names, and moves jobs on to it', () => {
  const env = { TEMPORAL_DEPLOYMENT_NAME: 'longhaul', TEMPORAL_WORKER_BUILD_ID: '7f3a' };
  expect(deploymentIn(env)).toEqual({
    version: { deploymentName: 'longhaul', buildId: '7f3a' },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  });
});

test('a worker has no version unless told', () => {
  expect(deploymentIn({ TEMPORAL_DEPLOYMENT_NAME: '' })).toBeUndefined();
});

test.each(['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'])('%s alone is refused', (name) => {
  expect(() => deploymentIn({ [name]: 'x' })).toThrow(/a build id, and one is set/);
});
