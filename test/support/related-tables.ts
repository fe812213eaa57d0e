// Tables that refer to each other and to themselves, generate columns and draw from sequences, in a schema of their own types.

const TYPES = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.state AS ENUM ('open', 'paid');
  CREATE DOMAIN shop.price AS numeric(12,2) CHECK (value >= 0);
  CREATE TYPE shop.size AS (width integer, price shop.price);`;

/** Tables only; constraints that close a circle are left out unless asked for. */
export function relatedTables({ circles }: { circles: boolean }): string {
  const extra = circles
    ? `ALTER TABLE a_items ADD CONSTRAINT a_items_parent FOREIGN KEY (parent) REFERENCES a_items;
       ALTER TABLE z_people ADD CONSTRAINT z_people_first FOREIGN KEY (first_order) REFERENCES shop.orders (id);`
    : '';
  return `${TYPES}
  CREATE TABLE z_people (
    id integer PRIMARY KEY, email text NOT NULL UNIQUE, first_order bigint,
    CONSTRAINT named CHECK (email <> ''));
  CREATE TABLE shop.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person integer NOT NULL REFERENCES z_people ON DELETE CASCADE,
    state shop.state NOT NULL DEFAULT 'open', states shop.state[],
    net shop.price, gross numeric GENERATED ALWAYS AS (net * 1.19) STORED, size shop.size);
  CREATE INDEX orders_open ON shop.orders (person) WHERE state = 'open';
  CREATE TABLE a_items (
    id serial PRIMARY KEY, order_id bigint NOT NULL REFERENCES shop.orders,
    parent integer, note varchar(40) DEFAULT 'none' COLLATE "C",
    label text GENERATED ALWAYS AS ('#' || order_id::text) STORED);
  CREATE UNIQUE INDEX a_items_note ON a_items (lower(note), id);
  CREATE TABLE pairs (x integer, y integer, PRIMARY KEY (y, x));
  ${extra}`;
}

/** Parents come after their children in the order of the keys. */
export const RELATED_ROWS = `
  INSERT INTO z_people SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 3000) i;
  INSERT INTO shop.orders (person, state, states, net, size)
    SELECT i % 3000 + 1, CASE WHEN i % 2 = 0 THEN 'paid' ELSE 'open' END::shop.state,
      ARRAY['open', NULL]::shop.state[], i / 7.0, ROW(i, 1)::shop.size FROM generate_series(1, 6000) i;
  INSERT INTO a_items (order_id, parent, note)
    SELECT i % 6000 + 1, CASE WHEN i < 9000 THEN i + 1 END, 'note, "' || i FROM generate_series(1, 9000) i;
  UPDATE z_people SET first_order = id WHERE id % 3 = 0;
  INSERT INTO pairs SELECT i, -i FROM generate_series(1, 500) i;`;

export const RELATED = [
  { stream: 'a_items', table: 'a_items', key: 'id' },
  { stream: 'pairs', table: 'pairs', key: 'y, x' },
  { stream: 'shop.orders', table: 'shop.orders', key: 'id' },
  { stream: 'z_people', table: 'z_people', key: 'id' },
] as const;
