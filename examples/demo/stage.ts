// The demo's stage: a folder, the sample API and a whole Longhaul on free ports, started in order and taken down again.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DevFile } from '../../src/cli/address.js';
import { type Child, startChild } from './child.js';

export interface SampleConnection {
  readonly baseUrl: string;
  readonly streams: readonly string[];
  readonly requestsPerSecond: number;
}

export interface Stage {
  readonly folder: string;
  readonly dataDir: string;
  /** Where the connection `vault` keeps its archives. */
  readonly vault: string;
  readonly logs: readonly string[];
  /** Resolves with the address of the sample API. */
  startSampleApi(options: { readonly records: number; readonly requestsPerSecond: number }): Promise<string>;
  /** Resolves with the URL of an empty PostgreSQL. */
  startPostgres(): Promise<string>;
  /** Config for the sample API as connection `sample`, the PostgreSQL as `main` and a folder as `vault`. */
  writeConfig(sample: SampleConnection, postgresUrl: string): Promise<string>;
  startLonghaul(config: string, onMessage: (line: string) => void): Promise<DevFile>;
  /** Stops what was started, the last first; removes the folder unless it is to be kept. */
  strike(options: { readonly keepFolder: boolean }): Promise<void>;
}

export const PAGE_SIZE = 1_000;
const STOP_GRACE_MS = 20_000;
const LONGHAUL = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const POSTGRES = fileURLToPath(new URL('./postgres-server.js', import.meta.url));
const SAMPLE_API = fileURLToPath(new URL('../sample-api/main.js', import.meta.url));

export async function setStage(signal: AbortSignal): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-demo-'));
  const children: Child[] = [];
  const logs = {
    sample: join(folder, 'sample-api.log'),
    postgres: join(folder, 'postgres.log'),
    longhaul: join(folder, 'longhaul.log'),
  };
  const dataDir = join(folder, 'data');
  const start = <T>(name: string, args: string[], log: string, onMessage?: (line: string) => void) =>
    startChild<T>({
      name,
      args,
      log,
      cwd: folder,
      signal,
      onStarted: (child) => children.unshift(child),
      ...(onMessage ? { onMessage } : {}),
    });
  return {
    folder,
    dataDir,
    vault: join(folder, 'archives'),
    logs: Object.values(logs),
    async startSampleApi({ records, requestsPerSecond }) {
      const args = [
        '--port',
        '0',
        '--records',
        `${records}`,
        '--faults',
        'on',
        '--rps',
        `${requestsPerSecond}`,
      ];
      const { url } = await start<{ url: string }>('the sample API', [SAMPLE_API, ...args], logs.sample);
      return url;
    },
    async startPostgres() {
      const { url } = await start<{ url: string }>('PostgreSQL', [POSTGRES], logs.postgres);
      return url;
    },
    async writeConfig(sample, postgresUrl) {
      const file = join(folder, 'longhaul.config.yml');
      await writeFile(file, configText(sample, postgresUrl), { mode: 0o600 });
      return file;
    },
    startLonghaul: (config, onMessage) =>
      start<DevFile>('longhaul dev', [LONGHAUL, ...devArguments(config, dataDir)], logs.longhaul, onMessage),
    async strike({ keepFolder }) {
      for (const child of children) await child.stop(STOP_GRACE_MS);
      if (!keepFolder) await rm(folder, { recursive: true, force: true });
    },
  };
}

function devArguments(config: string, dataDir: string): string[] {
  const ports = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
  return ['dev', '--json', '--config', config, '--data-dir', dataDir, ...ports];
}

function configText({ baseUrl, streams, requestsPerSecond }: SampleConnection, postgresUrl: string): string {
  return `connections:
  sample:
    type: http
    baseUrl: ${baseUrl}
    limits: { requestsPerSecond: ${requestsPerSecond} }
    streams:${streams.map(streamText).join('')}
  main:
    type: postgres
    url: ${postgresUrl}
  vault:
    type: file
    path: ./archives
`;
}

function streamText(name: string): string {
  return `
      ${name}:
        path: /${name}
        key: [id]
        records: data
        paginator: { type: cursor, cursor_path: next, cursor_param: cursor, total_path: total }
        pageSize: { param: limit, size: ${PAGE_SIZE} }`;
}
