// manifest.json: written last, and it proves itself, segments.jsonl and report.json by hash.
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { DISCARDED, FORMAT, FORMAT_WITH_BASES, manifestSchema, type Manifest } from './format.js';
import { MANIFEST } from './layout.js';
import { decodeJson, hashOf, isMissing, jsonOf, readIfThere, sha256 } from './objects.js';
import { damaged } from './segment-lines.js';

/** The file's last two lines hold the hash of those before them. */
export function encodeManifest(manifest: Manifest): Buffer {
  const body = `${JSON.stringify(manifest, null, 2).slice(0, -2)},\n`;
  return Buffer.from(body + closing(sha256(Buffer.from(body))));
}

function closing(hash: string): string {
  return `  "sha256": "${hash}"\n}\n`;
}

/**
 * The manifest of a sealed archive, with segments.jsonl held against it (segments themselves are not looked at).
 * Throws `archive_missing`, `archive_unsupported` (a format of another version) or `archive_damaged`, naming the file.
 */
export async function readManifest(store: Store, archive: string): Promise<Manifest> {
  return (await readHashedManifest(store, archive)).manifest;
}

/** With the hash of its file. Throws likewise. */
export async function readHashedManifest(
  store: Store,
  archive: string,
): Promise<{ readonly manifest: Manifest; readonly sha256: string }> {
  const { manifest, bytes } = await readManifestAlone(store, archive);
  await checkSegmentList(store, archive, manifest);
  return { manifest, sha256: sha256(bytes) };
}

/** Without a look at segments.jsonl, for whoever asks often and checks what is taken from there. Throws likewise. */
export async function readManifestAlone(
  store: Store,
  archive: string,
): Promise<{ readonly manifest: Manifest; readonly bytes: Buffer }> {
  const path = `${archive}/${MANIFEST}`;
  const bytes = await readIfThere(store, path);
  if (bytes === null) throw new LonghaulError('archive_missing', `There is no ${path}.`);
  checkFormat(bytes, archive);
  checkOwnHash(bytes, path);
  return { manifest: decodeJson(bytes, manifestSchema, 'archive_damaged', path), bytes };
}

function checkFormat(bytes: Buffer, archive: string): void {
  const format = (jsonOf(bytes) as { format?: unknown } | null | undefined)?.format;
  if (format === DISCARDED) throw new LonghaulError('archive_missing', `${archive} was given up by its job.`);
  const isKnown = format === FORMAT || format === FORMAT_WITH_BASES;
  const isOther = typeof format === 'string' && /^longhaul-archive\/\d+$/.test(format) && !isKnown;
  if (isOther) throw new LonghaulError('archive_unsupported', `${archive} has the format ${format}.`);
}

function checkOwnHash(bytes: Buffer, path: string): void {
  const length = Buffer.byteLength(closing('0'.repeat(64)));
  const body = bytes.subarray(0, Math.max(0, bytes.length - length));
  if (bytes.subarray(body.length).toString('latin1') === closing(sha256(body))) return;
  throw damaged(path, 'was changed: it does not have the sha256 that it ends with');
}

async function checkSegmentList(
  store: Store,
  archive: string,
  { segments, streams }: Manifest,
): Promise<void> {
  const path = `${archive}/${segments.path}`;
  const found = await hashOf(store, path).catch((error: unknown) => {
    throw isMissing(error) ? damaged(path, 'is missing') : error;
  });
  if (found !== segments.sha256)
    throw damaged(path, 'was changed: its sha256 is not the one in the manifest');
  const listed = streams.reduce((sum, stream) => sum + stream.segments, 0);
  if (listed !== segments.count) throw damaged(`${archive}/${MANIFEST}`, 'does not add up');
}
