// Schemathesis, as published on PyPI: calls an API in every way that its document allows, and in many that it does not.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { venvOf } from './python.js';

const VERSION = '4.32.5';
const SETTINGS = fileURLToPath(new URL('../../api/schemathesis.toml', import.meta.url));

export interface Run {
  /** 0: no check failed. */
  readonly code: number;
  readonly output: string;
}

/** `folder` is where it keeps what it needs while it runs. */
export async function schemathesis(url: string, folder: string, args: readonly string[]): Promise<Run> {
  // Run as a module: what pip writes into bin names the folder in which the environment was made.
  const python = path.join(await venvOf('schemathesis', VERSION), 'python');
  const how = ['--checks', 'all', '--no-color', '--request-timeout', '15', ...args];
  const all = ['-m', 'schemathesis.cli', '--config-file', SETTINGS, 'run', `${url}/openapi.json`, ...how];
  return promisify(execFile)(python, all, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      output: stdout + stderr,
    }),
  );
}
