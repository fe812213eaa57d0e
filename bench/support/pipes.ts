// Command lines as the limit that jobs are held against, with the CPU time of all their processes.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Took } from './compare.js';
import { versionOf } from './machine.js';

/** Runs it in a shell, which sees `env` beside the environment; fails where it does. */
export async function piped(command: string, env: Readonly<Record<string, string>>): Promise<Took> {
  const start = performance.now();
  const shell = spawn('bash', ['-o', 'pipefail', '-c', `${command} && times`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const closed = new Promise((resolve) => shell.once('close', resolve));
  const said = await text(shell.stdout);
  const code = await closed;
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
  return { ms: performance.now() - start, more: { 'CPU s': childSeconds(said) } };
}

/** `times` of a shell ends with what its children used: `0m1.234s 0m0.567s`, user and system. */
function childSeconds(said: string): number {
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

export async function areThere(...tools: string[]): Promise<boolean> {
  return (await Promise.all(tools.map(versionOf))).every((version) => version !== null);
}
