// `longhaul dev`: Temporal, API, workers and, where the config asks for it, the sample API, as processes of their own.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { loadConfig } from '../config/load.js';
import { claimAddresses, claimSamplePort } from './addresses.js';
import { banner, readyLine } from './banner.js';
import { openDataFolder } from './data-folder.js';
import type { DataFolder } from './data-folder.js';
import { loadDeclaration } from './declaration.js';
import { createFleet } from './fleet.js';
import type { Fleet, FleetPlan } from './fleet.js';
import { listenForInterrupts } from './interrupts.js';
import type { Interrupts } from './interrupts.js';
import { createLogs } from './logs.js';
import type { Logs } from './logs.js';
import { apiUrl, temporalAddress, webUiUrl } from './services.js';
import type { Addresses } from './services.js';
import { findTemporalCli } from './temporal-cli/find.js';

export interface DevOptions {
  /** Path of longhaul.config.yml. */
  readonly config: string;
  /** Of the API. For this and the other ports, 0 takes a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Default: what temporal-dev.yml says. */
  readonly temporalPort?: number;
  readonly uiPort?: number;
  /** How many worker processes; 0 for none. */
  readonly workers: number;
  /** Print the one ready line instead of the banner. */
  readonly json?: boolean;
}

/**
 * Runs until SIGINT, SIGTERM or SIGHUP and resolves with the exit code when every process is gone.
 * @throws LonghaulError `config_invalid`, `already_running`, `port_taken`, `temporal_missing`, `start_failed`
 */
export async function runDev(options: DevOptions): Promise<number> {
  const data = await openDataFolder(resolve(options.dataDir), say);
  const interrupts = listenForInterrupts();
  const logs = createLogs(data.logs, say);
  try {
    await runFleet(options, await planFleet(options, { data, interrupts, logs }), interrupts);
    return 0;
  } catch (error) {
    if (interrupts.signal.aborted) return 0;
    throw error;
  } finally {
    logs.close();
    interrupts.close();
    await data.release();
  }
}

interface Held {
  readonly data: DataFolder;
  readonly interrupts: Interrupts;
  readonly logs: Logs;
}

/** Everything that can be refused is refused here, before a process is started. */
async function planFleet(options: DevOptions, { data, interrupts, logs }: Held): Promise<FleetPlan> {
  const declaration = await loadDeclaration();
  const secrets = options.workers > 0 ? 'resolve' : 'leave';
  const { dev } = await loadConfig(options.config, { secrets, env: process.env });
  const addresses = await claimAddresses(options, declaration);
  const samplePort = dev?.sampleApi ? await claimSamplePort(declaration.host, dev.sampleApi.port) : null;
  const wanted = { version: declaration.cliVersion, env: process.env, say, signal: interrupts.signal };
  return {
    declaration,
    cli: await findTemporalCli(wanted),
    around: { addresses, config: resolve(options.config), dataDir: data.path },
    workers: options.workers,
    samplePort,
    logs,
    say,
    onChange: (pids, processes) => data.note({ ...places(addresses), pids, processes }),
  };
}

async function runFleet(
  options: DevOptions,
  plan: FleetPlan,
  { signal, onForce }: Interrupts,
): Promise<void> {
  const fleet = createFleet(plan);
  onForce(() => fleet.kill());
  const interrupted = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  try {
    await Promise.race([fleet.begin(), interrupted]);
    if (!signal.aborted) announce(options, plan, fleet);
    await interrupted;
    say('stopping …');
  } finally {
    await fleet.stop();
  }
}

function announce({ json }: DevOptions, { around, samplePort }: FleetPlan, fleet: Fleet): void {
  const { addresses, dataDir } = around;
  const sampleApi = samplePort === null ? null : `http://${addresses.host}:${samplePort}`;
  const facts = { ...places(addresses), pids: fleet.pids(), sampleApi, dataDir };
  process.stdout.write(`${json ? readyLine(facts) : banner(facts)}\n`);
}

function places(addresses: Addresses) {
  return { api: apiUrl(addresses), webUi: webUiUrl(addresses), temporal: temporalAddress(addresses) };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
