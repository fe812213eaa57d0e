// A table: the first cell of a row names it. Lesser columns go where the screen is narrow.
import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Of figures, whose ends stand below each other. */
  readonly number?: boolean;
  /** Only where there is room. */
  readonly wide?: boolean;
  readonly class?: string;
}

interface TableProps<T> {
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T, place: number) => string;
  readonly class?: string;
}

/** The roles are said as well: a style that lays a row out as a block takes them from the elements. */
export function Table<T>({ columns, rows, keyOf, class: look }: TableProps<T>) {
  return (
    <table class={look} role="table">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.title} scope="col" role="columnheader" class={classOf(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row, place) => (
          <tr key={keyOf(row, place)} role="row">
            {columns.map((column, place) => cellOf(column, place, row))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function cellOf<T>(column: Column<T>, place: number, row: T) {
  const { title, cell } = column;
  if (place > 0) {
    return (
      <td key={title} role="cell" class={classOf(column)}>
        {cell(row)}
      </td>
    );
  }
  return (
    <th key={title} scope="row" role="rowheader" class={classOf(column)}>
      {cell(row)}
    </th>
  );
}

function classOf<T>({ number, wide, class: look }: Column<T>): string | undefined {
  return [number && 'number', wide && 'wide', look].filter(Boolean).join(' ') || undefined;
}
