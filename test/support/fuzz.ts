// For properties over what comes from outside: it is read, or refused by a named error; nothing else may come of it.
import * as fc from 'fast-check';
import { LonghaulError } from '../../src/core/errors.js';

/** Bounds a property in time as well as in runs; a failure shows its seed. */
export const BOUNDED = { numRuns: 2_000, interruptAfterTimeLimit: 4_000 } as const;

export interface Seen<T> {
  /** undefined: it was refused. */
  readonly value?: T;
  /** The code of the error that refused it; null: it was read. */
  readonly refused: string | null;
  readonly message: string;
}

/** What came of reading; an error that has no name of ours is thrown on. */
export async function readOrRefused<T>(read: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await read(), refused: null, message: '' };
  } catch (error) {
    if (!(error instanceof LonghaulError) || error.code === 'internal') throw error;
    return { refused: error.code, message: error.message };
  }
}

/** A change to some text: a part of it taken out and another put there. */
export interface Change {
  readonly at: number;
  readonly gone: number;
  readonly put: string;
}

export const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(1_000_000),
  gone: fc.nat(12),
  put: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(
      '',
      '"',
      '{',
      '}',
      '[]',
      'null',
      '-1',
      '1e999',
      '\\u0000',
      '../',
      '\n',
      '__proto__',
      ': &a *a',
    ),
  ),
});

export function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((now, { at, gone, put }) => {
    const start = at % (now.length + 1);
    return now.slice(0, start) + put + now.slice(start + gone);
  }, text);
}
