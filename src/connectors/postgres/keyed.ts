// Reads a table in the order of its key: one COPY for the whole partition, cut into pages as it streams by.
import type { Meter, Page } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { fieldsOf, headerLine } from '../../records/csv.js';
import { columnList, from, type KeyedTable, keyList, type Span, useOperators, within } from './key.js';
import { streamName } from './names.js';
import { type CutPage, cutPages, type PageSize } from './pages.js';
import type { Session } from './session.js';

/** A cursor holds the key of the last record. */
export type KeyCursor = { readonly after: readonly string[] };

const LONGEST_CURSOR = 6_000;

export async function* readByKey(
  session: Session,
  meter: Meter,
  table: KeyedTable,
  span: Span,
  size: PageSize,
): AsyncGenerator<Page> {
  await useOperators(session, table);
  meter.request();
  const order = keyList(table);
  const copy = session.copy(
    `SELECT ${columnList(table)} FROM ${from(table)} ${within(table, span)} ORDER BY ${order}`,
  );
  const header = headerLine(table.columns.map(({ name }) => name));
  for await (const page of cutPages(copy, size)) {
    if (page.last) await session.end();
    const payload = { format: 'csv', header, chunks: page.chunks } as const;
    const { records, release } = page;
    yield { payload, records, next: page.last ? null : cursorAfter(table, page), release };
  }
}

function cursorAfter(table: KeyedTable, { lastRecord }: CutPage): KeyCursor {
  const places = table.key.map(({ name }) => table.columns.findIndex((column) => column.name === name));
  const after = fieldsOf(lastRecord, places).map((text) => text ?? '');
  if (JSON.stringify(after).length > LONGEST_CURSOR) {
    throw new LonghaulError(
      'key_missing',
      `a key of ${streamName(table)} is longer than ${LONGEST_CURSOR} letters`,
      {
        hint: 'Add a shorter key to the table, or leave it out of the streams.',
      },
    );
  }
  return { after };
}
