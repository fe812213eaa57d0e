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
        if (show) say(`${name} | ${line}`);
      };
    },
    close: () => streams.forEach((stream) => stream.end()),
  };
}
