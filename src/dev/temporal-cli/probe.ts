// Asks a program whether it is the Temporal CLI, and which.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;

/** `cli` is `0.0.0-DEV` for one that was built by `go install`. */
export interface CliVersion {
  readonly cli: string;
  readonly server: string;
}

/** @throws Error saying what is wrong with that program. */
export async function probeCli(path: string): Promise<CliVersion> {
  const output = await versionOutput(path);
  const match = /^temporal version (\S+) \(Server ([\d.]+)/m.exec(output);
  if (!match?.[1] || !match[2]) throw new Error('it does not answer `--version` as the Temporal CLI does');
  return { cli: match[1], server: match[2] };
}

async function versionOutput(path: string): Promise<string> {
  try {
    return (await run(path, ['--version'], { timeout: PROBE_TIMEOUT_MS })).stdout;
  } catch (error) {
    const { code, killed } = error as { code?: string | number; killed?: boolean };
    throw new Error(killed ? 'it does not answer `--version`' : `it cannot be run (${code})`, {
      cause: error,
    });
  }
}

/** Whether a version is at least another; versions that are not numbers count as new. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [numbers(version), numbers(least)];
  if (a.some(Number.isNaN) || version.startsWith('0.0.0')) return true;
  const differs = b.findIndex((part, index) => (a[index] ?? 0) !== part);
  return differs < 0 || (a[differs] ?? 0) > (b[differs] ?? 0);
}

function numbers(version: string): number[] {
  return version.split(/[-+]/)[0]?.split('.').map(Number) ?? [];
}
