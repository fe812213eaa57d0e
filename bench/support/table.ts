// The table that is copied: rows of mixed types, about 325 bytes each as text.
import { sql } from '../../test/support/postgres.js';

export const TABLE = 'orders';
export const STREAM = 'public.orders';

/** Makes it afresh, and sees that the server has no work left to do on it. */
export async function fillTable(url: string, rows: number, table = TABLE): Promise<void> {
  await sql(
    url,
    `CREATE TABLE IF NOT EXISTS ${table} (
       id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12, 2), paid boolean, placed_at timestamptz,
       reference uuid, email text, address jsonb, note text);
     TRUNCATE ${table};
     INSERT INTO ${table} SELECT n, n % 50021, (n::bigint * 7919 % 1000000) / 100.0, n % 3 = 0,
       '2024-01-01Z'::timestamptz + n * interval '1.234567 s', md5(n::text)::uuid,
       substr(md5(n::text), 1, 10) || '@example.com',
       jsonb_build_object('street', n % 900 || ' Long Road', 'city', 'Springfield', 'zip', substr(md5(n::text), 3, 5)),
       'Called on day ' || n % 31 || ', wants to be called back about order ' || md5((n / 3)::text) ||
       '; "leave it at the door", he said.'
     FROM generate_series(1, ${rows}) n`,
  );
  await sql(url, `VACUUM (FREEZE, ANALYZE) ${table}`);
}

/** The page of so many rows after that many, as objects. */
export function rowsAfter(url: string, after: number, page: number): Promise<Record<string, unknown>[]> {
  return sql(url, `SELECT * FROM ${TABLE} WHERE id > ${after} ORDER BY id LIMIT ${page}`);
}
