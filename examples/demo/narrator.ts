// Tells the demo as it goes: numbered steps, and indented facts below them.
import type { Io } from '../../src/cli/io.js';
import { paint } from '../../src/cli/io.js';

export interface Narrator {
  title(text: string): void;
  step(text: string): void;
  fact(text: string): void;
  /** Facts in two columns. */
  facts(rows: readonly (readonly [label: string, value: string])[]): void;
}

export function createNarrator(io: Io, steps: number): Narrator {
  let step = 0;
  const fact = (text: string) => io.err(`     ${text}`);
  return {
    title: (text) => io.err(paint(io, 'bold', text)),
    step(text) {
      step += 1;
      io.err('');
      io.err(`${paint(io, 'bold', `${step}/${steps}`)}  ${paint(io, 'bold', text)}`);
    },
    fact,
    facts(rows) {
      const width = Math.max(...rows.map(([label]) => label.length));
      for (const [label, value] of rows) fact(`${label.padEnd(width)}  ${value}`);
    },
  };
}
