// Holds the two copies made of the archive, tables and Parquet files, against each other and against the API's figures.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { count, counted } from '../../src/cli/format.js';
import type { Job } from '../../src/core/job.js';
import { digestOfParquet, digestOfTable } from './read-back.js';
import type { SampleStats } from './sample.js';

export interface Copies {
  /** The job that wrote the Parquet files. */
  readonly exported: Job;
  readonly stats: SampleStats;
  /** Folder of the connection `vault`. */
  readonly vault: string;
  readonly postgresUrl: string;
}

interface ExportList {
  readonly streams: readonly {
    readonly name: string;
    readonly files: readonly { readonly path: string }[];
  }[];
}

/** Throws at the first difference. */
export async function compareCopies({
  exported,
  stats,
  vault,
  postgresUrl,
}: Copies): Promise<[label: string, value: string][]> {
  const folder = join(vault, exported.archive?.slice('vault/'.length) ?? '');
  const list = JSON.parse(await readFile(join(folder, 'export.json'), 'utf8')) as ExportList;
  let records = 0;
  for (const { name, records: served } of stats.streams) {
    const path = list.streams.find((stream) => stream.name === name)?.files[0]?.path ?? '';
    const [table, file] = [await digestOfTable(postgresUrl, name), await digestOfParquet(join(folder, path))];
    expectSame(`${name}: rows in PostgreSQL`, table.records, served);
    expectSame(`${name}: rows in ${path}`, file.records, served);
    expectSame(`${name}: sha256 over the values in ${path}`, file.digest, table.digest);
    records += served;
  }
  return [
    ['restored', `${count(records)} rows in ${counted(stats.streams.length, 'table')} of PostgreSQL`],
    ['exported', `${count(records)} rows in Parquet, value by value what the tables hold`],
    ['files', folder],
  ];
}

function expectSame(what: string, found: string | number, wanted: string | number): void {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}
