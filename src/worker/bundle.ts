// The workflow code that the worker runs: bundled by the build, so that a worker is ready in half the time.
import { fileURLToPath } from 'node:url';

/** dist/workflow-bundle.js, as seen from dist/src/worker. */
export const workflowBundle = {
  codePath: fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)),
};
