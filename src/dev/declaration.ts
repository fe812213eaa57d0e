// temporal-dev.yml: reads and checks the declaration of the development server.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { LonghaulError } from '../core/errors.js';
import { packageRoot } from './root.js';

const port = z.number().int().min(0).max(65_535);

const declarationSchema = z.strictObject({
  /** Of the Temporal CLI, without a leading `v`. */
  cliVersion: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.5.1'),
  host: z.string().min(1),
  /** 0: a free one. */
  port,
  uiPort: port,
  /** Relative to the data folder. */
  database: z.string().min(1),
  namespace: z.string().min(1),
  retentionDays: z.number().int().min(1),
  searchAttributes: z.record(
    z.string().regex(/^[A-Za-z]\w*$/, 'a name: letters, digits and "_"'),
    z.enum(['Keyword', 'KeywordList', 'Text', 'Int', 'Double', 'Bool', 'Datetime']),
  ),
  dynamicConfig: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type TemporalDeclaration = z.infer<typeof declarationSchema>;

/** @throws LonghaulError `config_invalid` naming the file and each fault's place. */
export async function loadDeclaration(
  path = join(packageRoot(), 'temporal-dev.yml'),
): Promise<TemporalDeclaration> {
  const checked = declarationSchema.safeParse(await readYaml(path));
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map(({ path: at, message }) => `${at.join('.') || 'file'}: ${message}`);
  throw invalid(path, faults.join('; '));
}

async function readYaml(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, (error as Error).message, error);
  }
}

function invalid(path: string, fault: string, cause?: unknown): LonghaulError {
  const hint = 'Correct temporal-dev.yml as the message says; its comments tell what each line means.';
  return new LonghaulError('config_invalid', `${path}: ${fault}`, { hint, cause });
}
