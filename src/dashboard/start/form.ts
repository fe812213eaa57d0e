// What the form gives each of its controls.
import type { Connection } from '../api.js';
import type { Values } from './values.js';

export interface FormState {
  readonly values: Values;
  readonly set: (path: string, value: string) => void;
  readonly connections: readonly Connection[];
  readonly faults: ReadonlyMap<string, readonly string[]>;
}

/** What every control is given: how it is named, described, and marked where it is wrong. */
export interface Naming {
  readonly id: string;
  readonly name: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}
