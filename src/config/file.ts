// A folder on the worker's machine.
import { z } from 'zod';

export const fileConnection = z.strictObject({
  type: z.literal('file'),
  /** Relative paths are taken from the folder of the config file. */
  path: z.string().min(1),
});
export type FileConnection = z.infer<typeof fileConnection>;
