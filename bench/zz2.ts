import { onStage } from './support/stage.js';
import { fillTable, TABLE } from './support/table.js';
import { withClient } from '../test/support/with-client.js';
await onStage({ rows: 1000 }, async (stage) => {
  await fillTable(stage.postgres.url, 2_000_000);
  await withClient(stage.postgres.url, async (client) => {
    const cols = 'id, customer, total, paid, placed_at, reference, email, address, note';
    const time = async (name: string, set: string, q: string[]) => {
      await client.query('BEGIN; ' + set);
      const t = performance.now();
      for (const each of q) await client.query(each);
      console.log(name, (performance.now() - t).toFixed(0));
      await client.query('ROLLBACK');
    };
    const to = `TO '/dev/null' (FORMAT csv)`;
    const ranges = (step: number, order: string) =>
      Array.from(
        { length: 2_000_000 / step },
        (_, n) =>
          `COPY (SELECT ${cols} FROM ${TABLE} WHERE id > ${n * step} AND id <= ${(n + 1) * step} ${order}) ${to}`,
      );
    for (let n = 0; n < 3; n++) {
      await time('plain', 'SELECT 1', [`COPY ${TABLE} ${to}`]);
      await time('query', 'SELECT 1', [`COPY (SELECT ${cols} FROM ${TABLE}) ${to}`]);
      await time('ordered', 'SET LOCAL enable_sort=off', [
        `COPY (SELECT ${cols} FROM ${TABLE} ORDER BY id) ${to}`,
      ]);
      await time('ordered 50k', 'SET LOCAL enable_sort=off', ranges(50_000, 'ORDER BY id'));
      await time(
        'bitmap 50k',
        'SET LOCAL enable_indexscan=off; SET LOCAL enable_seqscan=off',
        ranges(50_000, ''),
      );
      await time(
        'bitmap 50k sorted',
        'SET LOCAL enable_indexscan=off; SET LOCAL enable_seqscan=off',
        ranges(50_000, 'ORDER BY id'),
      );
      await time(
        'bitmap 5k sorted',
        'SET LOCAL enable_indexscan=off; SET LOCAL enable_seqscan=off',
        ranges(5_000, 'ORDER BY id'),
      );
      await time(
        'bounds',
        'SELECT 1',
        Array.from(
          { length: 40 },
          (_, n) => `SELECT id FROM ${TABLE} WHERE id > ${n * 50_000} ORDER BY id OFFSET 49999 LIMIT 1`,
        ),
      );
    }
    for (const set of ['enable_indexscan=off; SET LOCAL enable_seqscan=off', 'enable_sort=off']) {
      await client.query('BEGIN; SET LOCAL ' + set);
      console.log(
        (
          await client.query(
            `EXPLAIN (ANALYZE) SELECT ${cols} FROM ${TABLE} WHERE id > 50000 AND id < 100000 ORDER BY id`,
          )
        ).rows
          .map((r) => r['QUERY PLAN'])
          .join('\n'),
      );
      await client.query('ROLLBACK');
    }
  });
});
