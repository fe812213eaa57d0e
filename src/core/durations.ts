// Lengths of time as people write them: `15m`, `6h`, `1d`.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** In ms; null for a text that is none. */
export function parseDuration(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,6})([mhd])$/.exec(text) ?? [];
  const ms = UNITS.find(([name]) => name === unit)?.[1];
  return ms === undefined ? null : Number(count) * ms;
}

/** In the largest unit that has no rest. `ms`: whole minutes. */
export function formatDuration(ms: number): string {
  const [name, length] = UNITS.find(([, unit]) => ms % unit === 0) ?? ['m', 60_000];
  return `${Math.round(ms / length)}${name}`;
}
