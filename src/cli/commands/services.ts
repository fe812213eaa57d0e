// `longhaul dev`, `api` and `worker`: the processes of the service, each run until it is told to stop.
import { EXIT } from '../errors.js';

export interface DevOptions {
  readonly config: string;
  readonly port: number;
  readonly dataDir: string;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly workers: number;
  readonly json?: boolean;
}

export interface ApiOptions {
  readonly config: string;
  readonly port: number;
  readonly host: string;
  readonly webUi?: string;
}

export async function dev(options: DevOptions): Promise<number> {
  const { runDev } = await import('../../dev/index.js');
  return runDev(options);
}

export async function api(options: ApiOptions): Promise<number> {
  const { runApi } = await import('../../api/main.js');
  const { config, ...rest } = options;
  await runApi({ configPath: config, ...rest });
  return EXIT.done;
}

export interface WorkerOptions {
  readonly config: string;
  readonly metricsPort: number;
  readonly temporalMetricsPort?: number;
}

export async function worker({ config, ...rest }: WorkerOptions): Promise<number> {
  const { runWorker } = await import('../../worker/main.js');
  await runWorker({ configPath: config, ...rest });
  return EXIT.done;
}
