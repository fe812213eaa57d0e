// Reads an export without the code that writes it: every file is held against export.json, and records come back as text.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { Decoder } from '@toondepauw/node-zstd';
import { exportSchema, type Export } from '../../src/export/format.js';

export type ReadExport = Awaited<ReturnType<typeof readExportFolder>>;

export async function readExportFolder(folder: string) {
  const content = exportSchema.parse(JSON.parse(await readFile(path.join(folder, 'export.json'), 'utf8')));
  const report = await readFile(path.join(folder, content.report.path));
  demand(sha256(report) === content.report.sha256, 'report.json has the hash that is listed');
  return {
    content,
    /** The files of a stream one after the other, decompressed. */
    bytesOf: (stream: string) => bytesOf(folder, content, stream),
    pathsOf: (stream: string) => filesOf(content, stream).map((file) => path.join(folder, file.path)),
  };
}

function filesOf({ streams }: Export, name: string) {
  const stream = streams.find((each) => each.name === name);
  if (!stream) throw new Error(`the export has no stream ${name}`);
  const sum = stream.files.reduce((all, { records }) => all + records, 0);
  demand(sum === stream.records, `the files of ${name} add up`);
  return stream.files;
}

async function bytesOf(folder: string, content: Export, name: string): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (const file of filesOf(content, name)) {
    const stored = await readFile(path.join(folder, file.path));
    demand(stored.length === file.bytes, `${file.path} has the size that is listed`);
    demand(sha256(stored) === file.sha256, `${file.path} has the hash that is listed`);
    all.push(await decompress(stored, content.as.compression));
  }
  return all;
}

async function decompress(stored: Buffer, compression: Export['as']['compression']): Promise<Buffer> {
  if (compression === 'none') return stored;
  return compression === 'gzip' ? gunzipSync(stored) : new Decoder().decode(stored);
}

/** The rows of a Parquet file, JSON and text as they are. Not for figures beyond 2^53: another reader tells those. */
export async function parquetRows(file: string): Promise<Record<string, unknown>[]> {
  const parsers = { stringFromBytes: asText, jsonFromBytes: asText };
  return parquetReadObjects({ file: await asyncBufferFromFile(file), utf8: false, parsers });
}

const asText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('utf8');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Fields of CSV with LF line ends; null is an empty field without quotes. A reader of its own, by the letter of RFC 4180. */
export function csvFields(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/gy;
  let row: (string | null)[] = [];
  for (let found = field.exec(text); found; found = field.exec(text)) {
    const [, quoted, plain, end] = found;
    row.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
    if (end === '\n') {
      rows.push(row);
      row = [];
    }
    if (field.lastIndex === text.length) break;
  }
  return rows;
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`export: not so: ${what}`);
}
