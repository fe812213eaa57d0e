// A folder on the worker's machine.
import { z } from 'zod';
import { patternFields, streamName } from './objects.js';

export const fileConnection = z.strictObject({
  type: z.literal('file'),
  /** Relative paths are taken from the folder of the config file. */
  path: z.string().min(1),
  /** Folders below `path` whose files can be backed up, and restored into. */
  streams: z
    .record(
      streamName,
      z.strictObject({
        /** Below the connection's `path`. Default: the name of the stream. */
        path: z.string().min(1).max(1_000).optional(),
        ...patternFields,
      }),
    )
    .optional(),
});
export type FileConnection = z.infer<typeof fileConnection>;
