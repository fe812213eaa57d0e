// `longhaul connections`: what the service can reach, and whether it does.
import { EXIT, exitFor, printError } from '../errors.js';
import type { ConnectionList } from '../../client/index.js';
import { table } from '../format.js';
import type { Io } from '../io.js';
import { type ClientOptions, connect, print } from './common.js';

export async function connections(io: Io, options: ClientOptions): Promise<number> {
  const found = await (await connect(io, options)).connections();
  const rows = found.connections.map((c) => [
    c.name,
    c.type,
    c.roles.join(', '),
    limits(c.limits),
    c.streams?.join(', ') ?? '',
  ]);
  print(io, options, found, table(['NAME', 'TYPE', 'CAN BE', 'LIMITS', 'STREAMS'], rows));
  return EXIT.done;
}

export async function checkConnection(io: Io, name: string, options: ClientOptions): Promise<number> {
  const check = await (await connect(io, options)).check(name);
  print(io, options, check, [`${check.connection} ${check.ok ? 'ok' : 'failed'}: ${check.detail}`]);
  if (check.error) printError(io, check.error);
  if (check.ok) return EXIT.done;
  return check.error ? exitFor(check.error.code, 500) : EXIT.failed;
}

function limits({ window, ...numbers }: ConnectionList['connections'][number]['limits']): string {
  const texts = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
  if (window) texts.push(`window ${window.from} to ${window.to} ${window.timeZone ?? 'UTC'}`);
  return texts.join(', ');
}
