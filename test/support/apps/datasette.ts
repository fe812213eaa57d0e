// Datasette, as published on PyPI, serving a SQLite file: pages of rows with an opaque `next` token.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HttpConnection, HttpStream } from '../../../src/config/http.js';
import { end, outputOf, start } from '../processes.js';
import { command, installed, missingTool } from './cache.js';

const VERSION = '0.65.5';
const DATABASE = 'station';
const READINGS = 120_000;
const PLACES = 3_000;
/** Rows that one question to the SQL endpoint packs into its answer. */
const BLOCK = 20_000;

export const datasetteMissing = (): Promise<string | null> => missingTool('python3', ['--version']);

export type Datasette = Awaited<ReturnType<typeof startDatasette>>;

/** Installs (once), makes a database, serves it. */
export async function startDatasette() {
  const python = await venvPython();
  const folder = await mkdtemp(path.join(tmpdir(), 'datasette-'));
  const file = path.join(folder, `${DATABASE}.db`);
  await writeFile(path.join(folder, 'make.py'), MAKE_DATABASE);
  await command(python, [path.join(folder, 'make.py'), file]);
  const server = start(python, ['-m', 'datasette', 'serve', file, ...SERVE]);
  const find = (): string | undefined => /running on (http:\S+)/.exec(server.stderr())?.[1];
  const url = await outputOf(server, 'Datasette serves', find);
  return {
    url,
    connection: connectionTo(url),
    count: (table: string) => count(url, table),
    readings: () => readings(url),
    placeKeys: () => placeKeys(url),
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SERVE = ['--host', '127.0.0.1', '--port', '0', '--setting', 'sql_time_limit_ms', '30000'];

async function venvPython(): Promise<string> {
  const version = await command('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const folder = await installed(`datasette-${VERSION}-python${version.trim()}`, async (draft) => {
    await command('python3', ['-m', 'venv', draft]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await command(path.join(draft, 'bin', 'python'), [...pip, `datasette==${VERSION}`]);
  });
  return path.join(folder, 'bin', 'python');
}

/** Integers beyond 2^53, text that needs escapes, NULL beside text. */
const MAKE_DATABASE = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute('create table readings (id integer primary key, name text not null, serial integer not null, note text)')
db.executemany('insert into readings values (?, ?, ?, ?)', (
    (i * 3, f'Zähler {i} "north" 😀', 9007199254740993 + i * 7, None if i % 3 == 0 else f'line\\n\\\\ {i}')
    for i in range(1, ${READINGS} + 1)))
db.execute('create table places (region text, code text, label text, primary key (region, code))')
db.executemany('insert into places values (?, ?, ?)', (
    (f'région {i % 7}/a,b~c+d&e', f'c.{i:05d}', f'place {i}') for i in range(${PLACES})))
db.execute('create table vacant (id integer primary key)')
db.commit()
`;

/**
 * Each table twice: by its `next` token, and `…_by_link` by its `next_url`. `readings` has one integer key; `places` a
 * compound key of texts, whose tokens need escaping; `vacant` no rows.
 */
function connectionTo(url: string): HttpConnection {
  const token = { type: 'cursor', cursor_path: 'next', cursor_param: '_next' } as const;
  const link = { type: 'json_link', next_url_path: 'next_url' } as const;
  const streams = ['readings', 'places', 'vacant'].flatMap((table) => [
    [table, tableStream(table, token)],
    [`${table}_by_link`, tableStream(table, link)],
  ]);
  return { type: 'http', baseUrl: url, streams: Object.fromEntries(streams) };
}

function tableStream(table: string, paginator: HttpStream['paginator']): HttpStream {
  return {
    path: `/${DATABASE}/${table}.json`,
    records: 'rows',
    params: { _shape: 'objects' },
    pageSize: { param: '_size', size: 1_000 },
    paginator,
  };
}

async function count(url: string, table: string): Promise<number> {
  return Number(await ask(url, `select count(*) as answer from ${table}`));
}

/** Every row of `readings` as Datasette's SQL endpoint tells it, as one text a row: see `readingText`. */
async function readings(url: string): Promise<string[]> {
  const row = `id || '|' || hex(name) || '|' || serial || '|' || case when note is null then 'null' else hex(note) end`;
  const rows: string[] = [];
  for (let offset = 0; offset < READINGS; offset += BLOCK) {
    const block = `select ${row} as text from readings order by id limit ${BLOCK} offset ${offset}`;
    rows.push(
      ...(await ask(url, `select group_concat(text, char(10)) as answer from (${block})`)).split('\n'),
    );
  }
  return rows;
}

/** The same text, from a record as the JSON API sends it. `serial` is taken as text: a double cannot hold it. */
export function readingText(record: string): string {
  const { id, name, note } = JSON.parse(record) as { id: number; name: string; note: string | null };
  const serial = /"serial": (\d+)/.exec(record)?.[1];
  return `${id}|${hex(name)}|${serial}|${note === null ? 'null' : hex(note)}`;
}

async function placeKeys(url: string): Promise<string[]> {
  const keys = `select region || char(9) || code as key from places order by region, code`;
  return (await ask(url, `select group_concat(key, char(10)) as answer from (${keys})`)).split('\n');
}

export function placeKey(record: string): string {
  const { region, code } = JSON.parse(record) as { region: string; code: string };
  return `${region}\t${code}`;
}

async function ask(url: string, sql: string): Promise<string> {
  const query = new URLSearchParams({ sql, _shape: 'array' });
  const response = await fetch(`${url}/${DATABASE}.json?${query.toString()}`);
  const rows = (await response.json()) as { answer: string | number }[];
  const answer = rows[0]?.answer;
  if (!response.ok || answer === undefined)
    throw new Error(`Datasette does not answer: ${JSON.stringify(rows)}`);
  return String(answer);
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').toUpperCase();
}
