// The processes of a local Longhaul as one: begun in order, noted as they come and go, stopped in order.
import { join } from 'node:path';
import type { Child } from './child.js';
import type { DevNote, Pids } from './data-folder.js';
import type { TemporalDeclaration } from './declaration.js';
import type { Logs } from './logs.js';
import { markOf } from './processes.js';
import type { ProcessMark } from './processes.js';
import type { Say } from './say.js';
import { createService } from './service.js';
import type { Service, ServiceOptions } from './service.js';
import { startApi, startSampleApi, startWorker } from './services.js';
import type { Surroundings } from './services.js';
import { startTemporal } from './temporal-server.js';

export interface FleetPlan {
  readonly declaration: TemporalDeclaration;
  /** Path of the Temporal CLI. */
  readonly cli: string;
  readonly around: Surroundings;
  readonly workers: number;
  /** Null: no sample API. */
  readonly samplePort: number | null;
  readonly logs: Logs;
  readonly say: Say;
  /** Told of all processes whenever one was started. */
  readonly onChange: (pids: Pids, processes: DevNote['processes']) => Promise<void>;
}

export interface Fleet {
  /** Resolves when everything answers. Rejects where one of them does not start; stop the rest then. */
  begin(): Promise<void>;
  /** Workers and API first, so that the workers can hand over; then what they stand on. */
  stop(): Promise<void>;
  /** At once. `stop` still has to be awaited. */
  kill(): void;
  pids(): Pids;
}

const GRACE_MS = 10_000;

export function createFleet(plan: FleetPlan): Fleet {
  const { around, logs, say, samplePort } = plan;
  const marks = new Map<string, ProcessMark>();
  const service = (name: string, start: ServiceOptions['start']): Service =>
    createService({ name, start, say, onSpawn: (child) => noteSpawn(name, child) });

  const temporal = service('temporal', startingTemporal(plan));
  const api = service('api', startApi(around, logs.open('api', { show: true })));
  const workers = Array.from({ length: plan.workers }, (_, index) => {
    const name = `worker-${index + 1}`;
    return service(name, startWorker(name, around, logs.open(name, { show: true })));
  });
  const sample = samplePort === null ? [] : [sampleService(plan, samplePort, service)];
  const front = [...workers, api];
  const ground = [...sample, temporal];

  const pids = (): Pids => ({
    temporal: temporal.pid(),
    api: api.pid(),
    workers: workers.flatMap((worker) => worker.pid() ?? []),
  });

  async function noteSpawn(name: string, child: Child): Promise<void> {
    const mark = await markOf(child.pid);
    if (mark) marks.set(name, mark);
    await plan.onChange(
      pids(),
      [...marks].map(([name, mark]) => ({ name, ...mark })),
    );
  }

  return {
    pids,
    async begin() {
      await temporal.begin();
      await Promise.all([...sample, ...front].map((each) => each.begin()));
    },
    async stop() {
      await Promise.all(front.map((each) => each.stop(GRACE_MS)));
      await Promise.all(ground.map((each) => each.stop(GRACE_MS)));
    },
    kill: () => [...front, ...ground].forEach((each) => each.kill()),
  };
}

function startingTemporal({ declaration, cli, around, logs }: FleetPlan): ServiceOptions['start'] {
  const { temporalPort, uiPort } = around.addresses;
  const output = logs.open('temporal', { show: false });
  const database = join(around.dataDir, declaration.database);
  const server = { cli, declaration, port: temporalPort, uiPort, database, env: process.env, output };
  return (onSpawn) => startTemporal({ ...server, onSpawn });
}

function sampleService(
  { declaration, logs }: FleetPlan,
  port: number,
  service: (name: string, start: ServiceOptions['start']) => Service,
): Service {
  const output = logs.open('sample-api', { show: false });
  return service('sample-api', startSampleApi(declaration.host, port, output));
}
