// Which CLI is looked for, and on whose behalf.
import type { Say } from '../say.js';

export interface FindOptions {
  /** Of the CLI, without `v`. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
  /** Breaks off a download or build. */
  readonly signal?: AbortSignal;
}
