// What `longhaul doctor` sees of this machine: Node, the config, room on the disks.
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { loadConfig } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { createOwnConnectors } from '../../worker/own-connectors.js';
import { bytes, counted } from '../format.js';
import { failed, failedBy, ok, warning, type Finding } from './finding.js';

type Env = Readonly<Record<string, string | undefined>>;

const MINIMUM_NODE = [20, 19] as const;

/** `version`: `20.19.0`. */
export function lookAtNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return ok('node', version);
  return failed('node', version, `Install Node ${MINIMUM_NODE.join('.')} or newer.`);
}

/** The config as the API has it; null where it cannot be used. A variable that is not set here may be set for workers. */
export async function lookAtConfig(
  path: string,
  env: Env,
): Promise<{ readonly finding: Finding; readonly config: Config | null }> {
  const config = await loadConfig(path, { secrets: 'leave', env }).catch((error: unknown) => ({ error }));
  if ('error' in config) return { finding: failedBy('config', config.error), config: null };
  const { inspect } = createOwnConnectors(path);
  const fault = await loadConfig(path, { secrets: 'resolve', env, inspect }).then(
    () => null,
    (error: unknown) => failedBy('config', error),
  );
  const found = `${path}: ${counted(Object.keys(config.connections).length, 'connection')}`;
  const finding = fault
    ? warning('config', fault.detail, 'A worker started from this shell would end with this.')
    : ok('config', found);
  return { finding, config };
}

/** Below it a warning, below a tenth of it a failure. */
const ROOM_BYTES = 2 * 1024 ** 3;

/** The folder need not be there yet. */
export async function lookAtRoom(what: string, folder: string): Promise<Finding> {
  const path = resolve(folder);
  try {
    const { bavail, bsize } = await roomOf(path);
    const free = bavail * bsize;
    const detail = `${bytes(free)} free in ${path}`;
    if (free >= ROOM_BYTES) return ok(what, detail);
    const hint = 'Free space there, or choose another folder.';
    return free < ROOM_BYTES / 10 ? failed(what, detail, hint) : warning(what, detail, hint);
  } catch (error) {
    return failedBy(what, error);
  }
}

async function roomOf(path: string): Promise<StatsFs> {
  try {
    return await statfs(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
    if (isMissing) return roomOf(dirname(path));
    throw error;
  }
}

/** `elsewhere` and `here` in epoch ms; `doubt`: how far off the comparison itself may be. */
export function lookAtClock(what: string, elsewhere: number, here: number, doubt: number): Finding {
  const off = Math.max(0, Math.abs(elsewhere - here) - doubt);
  const detail = off < 1_000 ? 'agrees with this machine' : `${Math.round(off / 1_000)} s off this machine's`;
  if (off <= MOST_OFF_MS) return ok(what, detail);
  return warning(what, detail, 'Set both by NTP: windows, quotas and credentials go by the clock.');
}

const MOST_OFF_MS = 5_000;
