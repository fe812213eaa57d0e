// Reads export.json: what an export holds, for whoever lists or hands out its files.
import { DISCARDED } from '../archive/format.js';
import { decodeJson, jsonOf, readIfThere } from '../archive/objects.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { EXPORT, EXPORT_FORMAT, exportSchema, type Export } from './format.js';

/**
 * `folder`: the export's, in the store. Beside the errors of the store it throws `archive_missing` (there is none, or none
 * yet), `archive_unsupported` (a format of another version) and `archive_damaged`. Files are not looked at.
 */
export async function readExport(store: Store, folder: string): Promise<Export> {
  const path = `${folder}/${EXPORT}`;
  const bytes = await readIfThere(store, path);
  if (bytes === null) throw missing(`There is no ${path}.`);
  const format = (jsonOf(bytes) as { format?: unknown } | null | undefined)?.format;
  if (format === DISCARDED) throw missing(`${folder} was given up by its job.`);
  if (typeof format === 'string' && /^longhaul-export\/\d+$/.test(format) && format !== EXPORT_FORMAT) {
    throw new LonghaulError('archive_unsupported', `${folder} has the format ${format}.`);
  }
  return decodeJson(bytes, exportSchema, 'archive_damaged', path);
}

function missing(message: string): LonghaulError {
  const hint = `No ${EXPORT} there: check connection, prefix and name, or whether that export completed.`;
  return new LonghaulError('archive_missing', message, { hint });
}
