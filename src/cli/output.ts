// What a command line says of itself, and where.
import type { Command } from 'commander';
import { paint, type Io } from './io.js';

/** Prints by `io`, and throws where commander would end the process. */
export function withOutput(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error:/, paint(io, 'red', 'error usage:'))),
    })
    .showHelpAfterError('hint: --help shows what there is');
}
