// Puts a key into the config file, whose every other byte stays: comments, order and quotes are its owner's.
import { open, readFile, realpath, rename, stat } from 'node:fs/promises';
import { isMap, isNode, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import type { KeyConfig } from './keys.js';

/** false: the file is written in a way, or kept in a place, that does not let it be added. Throws where it cannot be read. */
export async function addKey(path: string, key: KeyConfig): Promise<boolean> {
  const text = withKey(await readFile(path, 'utf8'), key);
  if (text === null) return false;
  try {
    await replace(await realpath(path), text);
    return true;
  } catch (error) {
    if (UNWRITABLE.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY']);

/** As an item of `keys`, in YAML. */
export function entryOf(key: KeyConfig): string {
  const fields = Object.entries(key).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `{ ${fields.join(', ')} }`;
}

/** null: the text has no place for it that a line could fill. Exported for its test. */
export function withKey(text: string, key: KeyConfig): string | null {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow) return null;
  const keys = contents.get('keys', true);
  const changed = keys === undefined ? appended(text, key) : isSeq(keys) ? inserted(text, keys, key) : null;
  return changed !== null && isMeant(text, changed, key) ? changed : null;
}

function appended(text: string, key: KeyConfig): string {
  return `${text}${text.endsWith('\n') ? '' : '\n'}\nkeys:\n  - ${entryOf(key)}\n`;
}

/** After the line where the last item ends, indented as that is. */
function inserted(text: string, { items }: YAMLSeq, key: KeyConfig): string | null {
  const last = items.at(-1);
  const [start, end] = (isNode(last) && last.range) || [];
  if (start === undefined || end === undefined) return null;
  const indent = /(?:^|\n)( *)- *$/.exec(text.slice(0, start))?.[1];
  if (indent === undefined) return null;
  const lineEnd = text.indexOf('\n', text.slice(0, end).trimEnd().length);
  const at = lineEnd < 0 ? text.length : lineEnd;
  return `${text.slice(0, at)}\n${indent}- ${entryOf(key)}${text.slice(at)}`;
}

/** Whether the text says what it said, and the key beside it. */
function isMeant(before: string, after: string, key: KeyConfig): boolean {
  const document = parseDocument(after);
  const { keys = [], ...rest } = parseDocument(before).toJS() as { readonly keys?: readonly unknown[] };
  const meant = JSON.stringify([rest, [...keys, key]]);
  const { keys: newKeys, ...newRest } = document.toJS() as { readonly keys?: readonly unknown[] };
  return document.errors.length === 0 && JSON.stringify([newRest, newKeys]) === meant;
}

/** At once, so that nobody reads half of it. */
async function replace(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  const beside = `${path}.new`;
  const file = await open(beside, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
