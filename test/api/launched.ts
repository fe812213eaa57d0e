// The API as a process of its own, started as `longhaul api` on a free port.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/longhaul.mjs', import.meta.url));

export interface ApiProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** `code` or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

export interface LaunchOptions {
  readonly config: string;
  readonly namespace: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export function launchApi({ config, namespace, args = [], env = {} }: LaunchOptions): ApiProcess {
  const child = fork(BIN, ['api', '--port', '0', '--config', config, ...args], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: namespace,
      ...env,
    },
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, output: () => output, exited };
}

/** The URL that the process tells its launcher when it is ready. */
export async function urlOf(api: ApiProcess): Promise<string> {
  const message = once(api.child, 'message').then(([said]) => said as { event: string; url: string });
  const ended = api.exited.then((code) => Promise.reject(new Error(`ended with ${code}:\n${api.output()}`)));
  const { event, url } = await Promise.race([message, ended]);
  if (event !== 'ready') throw new Error(`said ${event} instead of ready`);
  return url;
}
