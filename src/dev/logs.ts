// Where the lines of the children go: each to its own log file, and those for people to stderr as well.
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { ChildOptions } from './child.js';
import type { Say } from './say.js';

export interface Logs {
  /** Lines of `name` go to `<folder>/<name>.log`; with `show`, also to people, prefixed with the name. */
  open(name: string, options: { readonly show: boolean }): ChildOptions['output'];
  close(): void;
}

/** Of pino; the usual one goes without saying. */
const LEVELS = new Map([
  [40, 'warning: '],
  [50, 'error: '],
  [60, 'fatal: '],
]);

/** The files begin anew with every launcher, so that they stay small. */
export function createLogs(folder: string, say: Say): Logs {
  const streams: WriteStream[] = [];
  return {
    open(name, { show }) {
      const stream = createWriteStream(join(folder, `${name}.log`));
      stream.on('error', () => {}); // a full disk must not stop the launcher
      streams.push(stream);
      return (line) => {
        stream.write(`${line}\n`);
        if (show) say(`${name} | ${readable(line)}`);
      };
    },
    close: () => streams.forEach((stream) => stream.end()),
  };
}

/** Our own processes log JSON; people get the message, and the fields that are not the same in every line. */
function readable(line: string): string {
  try {
    const {
      level,
      time: _,
      process: __,
      pid: ___,
      msg,
      ...fields
    } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
    return `${LEVELS.get(Number(level)) ?? ''}${String(msg)}${rest}`;
  } catch {
    return line;
  }
}
