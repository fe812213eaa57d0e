// Reads an archive with none of Longhaul's own code: manifest, list of segments, and each segment through zstd.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Decoder } from '@toondepauw/node-zstd';

interface Manifest {
  readonly segments: { readonly path: string; readonly count: number };
  readonly streams: readonly { readonly name: string; readonly records: number }[];
}

interface Segment {
  readonly stream: string;
  readonly path: string;
}

export interface StreamContent {
  readonly name: string;
  /** Lines that were found, not what the manifest says. */
  readonly records: number;
  readonly digest: string;
}

/** What an archive really holds, stream by stream. */
export async function readContents(folder: string): Promise<readonly StreamContent[]> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const list = await readFile(join(folder, manifest.segments.path), 'utf8');
  const segments = list
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Segment);
  const contents: StreamContent[] = [];
  for (const { name } of manifest.streams) {
    const paths = segments.filter((segment) => segment.stream === name).map((segment) => segment.path);
    contents.push(await readStream(folder, name, paths));
  }
  return contents;
}

async function readStream(folder: string, name: string, paths: readonly string[]): Promise<StreamContent> {
  const hash = createHash('sha256');
  let records = 0;
  for (const path of paths) {
    const content = await new Decoder().decode(await readFile(join(folder, path)));
    hash.update(content);
    for (let at = content.indexOf(10); at >= 0; at = content.indexOf(10, at + 1)) records += 1;
  }
  return { name, records, digest: hash.digest('hex') };
}
