// Several ways to do the same work, taken in turn round after round, so that whatever else the machine does strikes all.
import { median, seconds, thousands, type Table } from './tables.js';

export interface Way {
  readonly name: string;
  /** Does the work once; answers how long it took in ms, and what else is worth knowing. */
  run(): Promise<Took>;
}

export interface Took {
  readonly ms: number;
  readonly more?: Readonly<Record<string, number>>;
}

export interface Comparison {
  readonly title: string;
  readonly records: number;
  readonly rounds: number;
  /** The first one is the limit that the others are held against. */
  readonly ways: readonly Way[];
  readonly notes?: readonly string[];
}

/** Speed is the median of the ratios within each round: the limit's time over the way's. 1 is as fast as the limit. */
export async function compare({ title, records, rounds, ways, notes = [] }: Comparison): Promise<Table> {
  const took = ways.map((): Took[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const place of turn(ways.length, round)) took[place]!.push(await ways[place]!.run());
  }
  const limit = took[0]!;
  const extras = [...new Set(took.flat().flatMap(({ more = {} }) => Object.keys(more)))];
  const rows = ways.map(({ name }, place) => {
    const own = took[place]!;
    const ms = median(own.map((each) => each.ms));
    const ratio = median(own.map((each, round) => limit[round]!.ms / each.ms));
    const figures = extras.map((extra) => extraOf(own, extra));
    return [name, seconds(ms), thousands((records * 1_000) / ms), ratio.toFixed(2), ...figures];
  });
  return { title, columns: ['way', 'time', 'records/s', 'of the limit', ...extras], rows, notes };
}

/** Each round begins with another way. */
function turn(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, place) => (place + round) % count);
}

function extraOf(took: readonly Took[], name: string): string {
  const values = took.map(({ more }) => more?.[name]).filter((value) => value !== undefined);
  if (values.length === 0) return '';
  const value = median(values);
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
