// The column of an export for what no other column can hold, so that nothing is lost.
import type { Cells } from './cells.js';

/** `_extra`, or the first of `_extra2`, `_extra3` … that is not taken. */
export function extraName(columns: readonly { readonly name: string }[]): string {
  const taken = new Set(columns.map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? '_extra' : `_extra${number}`;
    if (!taken.has(name)) return name;
  }
}

/** By the number of a record: `"column":value` each. */
export type Unfit = Map<number, string[]>;

export function addUnfit(unfit: Unfit, record: number, column: string, value: string): void {
  const member = `${JSON.stringify(column)}:${value}`;
  const before = unfit.get(record);
  if (before) before.push(member);
  else unfit.set(record, [member]);
}

/** The JSON text of one record's extra; null: it has none. A record that is no object stands there whole. */
export function extraOf({ others }: Pick<Cells, 'others'>, unfit: Unfit, record: number): string | null {
  const rest = others.get(record);
  if (typeof rest === 'string') return rest;
  const members = [...(unfit.get(record) ?? []), ...(rest ?? [])];
  return members.length === 0 ? null : `{${members.join(',')}}`;
}
