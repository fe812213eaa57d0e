// What a command may touch of the process it runs in; main.ts hands in the real one, tests their own.
import { styleText } from 'node:util';

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data, one line a call. Nothing else goes to standard output. */
  readonly out: (line: string) => void;
  /** Messages for people, one line a call. */
  readonly err: (line: string) => void;
  /** Where progress bars are drawn; null where standard error is not a terminal. */
  readonly screen: NodeJS.WriteStream | null;
  /** Epoch ms. */
  readonly now: () => number;
  /** Calls the listener at Ctrl-C instead of ending the process, until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** Takes the exit code of the command that ran. */
export type Done = (exit: number) => void;

export type Style = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** Colour for messages on a terminal, unless NO_COLOR asks for none; whatever standard output is, where they do not go. */
export function paint(io: Io, style: Style, text: string): string {
  return io.screen !== null && !io.env['NO_COLOR'] ? styleText(style, text, { validateStream: false }) : text;
}
