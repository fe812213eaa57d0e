// On what the figures were measured.
import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { loadDeclaration } from '../../src/dev/declaration.js';

const run = promisify(execFile);

export async function machine(): Promise<string> {
  const [cpu] = cpus();
  const temporal = (await loadDeclaration()).cliVersion;
  const tools = await Promise.all(['psql', 'zstd'].map(versionOf));
  return [
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${process.platform}, Node ${process.versions.node}, Temporal CLI ${temporal}`,
    ...tools.filter((tool) => tool !== null),
  ].join(', ');
}

/** The first line of `tool --version`; null where there is no such tool. */
export async function versionOf(tool: string): Promise<string | null> {
  try {
    const { stdout } = await run(tool, ['--version']);
    return stdout.split('\n')[0]!.replaceAll(/\*+/g, '').trim();
  } catch {
    return null;
  }
}
