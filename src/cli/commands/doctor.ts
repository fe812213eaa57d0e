// `longhaul doctor`: looks at all that a job needs, and says of each what to do.
import { dirname, resolve } from 'node:path';
import { findApi, readDevFile, DEFAULT_DATA_DIR } from '../address.js';
import { failedBy, type Finding } from '../doctor/finding.js';
import { lookAtConfig, lookAtNode, lookAtRoom } from '../doctor/machine.js';
import { lookAtApi, lookAtTemporal, whereTemporalIs } from '../doctor/service.js';
import { EXIT } from '../errors.js';
import type { Io } from '../io.js';
import type { ClientOptions } from './common.js';

export interface DoctorOptions extends ClientOptions {
  readonly config: string;
}

/** Prints each finding as it comes. 1 where something has to be done. */
export async function doctor(io: Io, options: DoctorOptions): Promise<number> {
  const found: Finding[] = [];
  for await (const finding of findings(io, options)) {
    found.push(finding);
    if (!options.json) show(io, finding);
  }
  if (options.json) io.out(JSON.stringify({ findings: found }));
  return found.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.done;
}

async function* findings(io: Io, options: DoctorOptions): AsyncGenerator<Finding> {
  const dataDir = options.dataDir ?? DEFAULT_DATA_DIR;
  yield lookAtNode(process.versions.node);
  const { finding, config } = await lookAtConfig(options.config, io.env);
  yield finding;
  yield await lookAtRoom('data folder', dataDir);
  for (const [name, connection] of Object.entries(config?.connections ?? {})) {
    if (connection.type !== 'file' || connection.path.includes('${')) continue;
    yield await lookAtRoom(`room of ${name}`, resolve(dirname(options.config), connection.path));
  }
  const { api } = options;
  yield* await lookAtApi(await findApi({ dataDir, env: io.env, ...(api !== undefined && { api }) }), io.now);
  yield* await temporal(io, dataDir, config);
}

async function temporal(
  io: Io,
  dataDir: string,
  config: Parameters<typeof lookAtTemporal>[1],
): Promise<Finding[]> {
  try {
    return await lookAtTemporal(whereTemporalIs(io.env, await readDevFile(dataDir)), config, io.now);
  } catch (error) {
    return [failedBy('temporal', error)];
  }
}

function show(io: Io, { what, state, detail, hint }: Finding): void {
  io.out(`${state.padEnd(7)}  ${what}: ${detail}`);
  if (hint) io.out(`         hint: ${hint}`);
}
