// What a case answers, and how people read it.

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What to know about the figures. */
  readonly notes?: readonly string[];
}

export function markdown({ title, columns, rows, notes = [] }: Table): string {
  const table = [columns, columns.map((_, place) => (place === 0 ? '---' : '---:')), ...rows].map(line);
  return [`## ${title}\n`, ...table, ...notes.map((note) => `\n${note}`), ''].join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
export const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
export const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(0)} kB`;
export const thousands = (perSecond: number): string => `${(perSecond / 1_000).toFixed(0)} k`;

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return low + (high - low) * (place - Math.floor(place));
}
