// Composition root of the worker tier: config, connectors, Temporal; runs until it is told to stop.
import { NativeConnection, type Worker } from '@temporalio/worker';
import { systemClock } from '../activities/clock.js';
import { loadConfig } from '../config/load.js';
import { temporalTarget, type TemporalTarget } from '../config/temporal.js';
import { LonghaulError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import { workflowBundle } from './bundle.js';
import { createConnections } from './connections.js';
import { createWorker, SLOTS } from './create.js';
import { deploymentIn } from './deployment.js';
import { letHeapGrow } from './heap.js';
import { createLog, installRuntime } from './log.js';
import { watchLoop } from './loop.js';
import { serveMetrics } from './metrics-server.js';
import { createWorkerMetrics } from './metrics.js';
import { createOwnConnectors } from './own-connectors.js';

export interface WorkerOptions {
  readonly configPath: string;
  /** Where metrics are answered on this machine; 0 takes a free one. */
  readonly metricsPort: number;
  /** Where Temporal's SDK answers with its own; absent: nowhere. */
  readonly temporalMetricsPort?: number;
}

/**
 * Resolves after SIGTERM, SIGINT or the end of the launcher, when every chunk has been handed over.
 * Throws `config_invalid`, `temporal_unreachable`, `port_taken`.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  letHeapGrow();
  const log = createLog();
  const own = createOwnConnectors(options.configPath);
  const config = await loadConfig(options.configPath, {
    secrets: 'resolve',
    env: process.env,
    inspect: own.inspect,
  });
  const target = temporalTarget(process.env);
  const { temporalMetricsPort: port } = options;
  const workerDeploymentOptions = deploymentIn(process.env);
  installRuntime(log, port === undefined ? null : `127.0.0.1:${port}`);
  const metrics = createWorkerMetrics();
  const serving = await serveMetrics(metrics, options.metricsPort);
  log.info({ temporal: target.description }, 'connecting');
  const connection = await connect(target);
  const loop = watchLoop(log);
  try {
    const deps = {
      connections: createConnections(config, own.makers),
      clock: systemClock,
      log,
      version: VERSION,
      observe: metrics.observe,
    };
    const settings = {
      connection,
      namespace: target.namespace,
      workflowBundle,
      ...(workerDeploymentOptions && { workerDeploymentOptions }),
    };
    const worker = await createWorker(settings, deps);
    metrics.watch(worker, SLOTS);
    stopOnRequest(worker);
    process.send?.({ event: 'ready' });
    log.info({ metrics: serving.url }, 'worker ready');
    await worker.run();
  } finally {
    loop.stop();
    serving.close();
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
