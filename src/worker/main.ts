// Composition root of the worker tier: config, connectors, Temporal; runs until it is told to stop.
import { NativeConnection, type Worker } from '@temporalio/worker';
import { systemClock } from '../activities/clock.js';
import { loadConfig } from '../config/load.js';
import { temporalTarget, type TemporalTarget } from '../config/temporal.js';
import { LonghaulError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import { workflowBundle } from './bundle.js';
import { createConnections } from './connections.js';
import { createWorker } from './create.js';
import { deploymentIn } from './deployment.js';
import { createLog, installRuntime } from './log.js';
import { watchLoop } from './loop.js';
import { createOwnConnectors } from './own-connectors.js';

/** Resolves after SIGTERM, SIGINT or the end of the launcher, when every chunk has been handed over. */
export async function runWorker(options: { readonly configPath: string }): Promise<void> {
  const log = createLog();
  const own = createOwnConnectors(options.configPath);
  const config = await loadConfig(options.configPath, {
    secrets: 'resolve',
    env: process.env,
    inspect: own.inspect,
  });
  const target = temporalTarget(process.env);
  const workerDeploymentOptions = deploymentIn(process.env);
  installRuntime(log);
  log.info({ temporal: target.description }, 'connecting');
  const connection = await connect(target);
  const loop = watchLoop(log);
  try {
    const deps = {
      connections: createConnections(config, own.makers),
      clock: systemClock,
      log,
      version: VERSION,
    };
    const settings = {
      connection,
      namespace: target.namespace,
      workflowBundle,
      ...(workerDeploymentOptions && { workerDeploymentOptions }),
    };
    const worker = await createWorker(settings, deps);
    stopOnRequest(worker);
    process.send?.({ event: 'ready' });
    log.info({}, 'worker ready');
    await worker.run();
  } finally {
    loop.stop();
    await connection.close();
  }
}

async function connect(target: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(target.connectionOptions);
  } catch (cause) {
    throw new LonghaulError('temporal_unreachable', `Temporal does not answer at ${target.description}.`, {
      cause,
    });
  }
}

/** Once: a second request while the chunks flush changes nothing. */
function stopOnRequest(worker: Worker): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    worker.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The launcher's end, however it came, is ours too: nothing may stay behind.
  process.on('disconnect', stop);
}
