// A verify of an archive, against the tools that decompress and hash the same files.
import { compare, type Way } from '../support/compare.js';
import { piped } from '../support/pipes.js';
import { archivedBy, backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import { fillTable, STREAM } from '../support/table.js';
import type { Table } from '../support/tables.js';

export async function verify(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => [await compared(stage, scale)]);
}

async function compared(stage: Stage, { rows, rounds }: Scale): Promise<Table> {
  await fillTable(stage.postgres.url, rows);
  const backup = await stage.keep(backupOf('main', [STREAM]));
  const folder = stage.longhaul.archiveOf(backup.job);
  const pipe = `find "${folder}" -name '*.zst' | xargs zstd -dcq | sha256sum > /dev/null`;
  const job = (name: string, lanes?: number): Way => ({
    name,
    run: async () => {
      const options = lanes ? { lanes } : {};
      return tookOf(await stage.run({ kind: 'verify', source: archivedBy(backup), options }));
    },
  });
  return compare({
    title: 'Verify of an archive',
    records: rows,
    rounds,
    ways: [
      { name: 'zstd -d \\| sha256sum of the same files', run: () => piped(pipe, {}) },
      job('Longhaul, a whole job'),
      job('Longhaul, 1 lane', 1),
    ],
  });
}
