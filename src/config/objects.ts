// What streams of objects (files of a folder, objects of a bucket) are configured with.
import { z } from 'zod';

const patterns = z.array(z.string().min(1).max(1_000)).min(1).optional();

/** Glob patterns over keys: `*` within a part, `**` across parts. An object that `exclude` matches is left out. */
export const patternFields = { include: patterns, exclude: patterns };

export const streamName = z.string().min(1).max(200);
