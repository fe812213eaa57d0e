// Figures, times and tables as people read them.

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 page`, `1,200 pages`. */
export function counted(n: number, thing: string): string {
  return `${count(n)} ${thing}${n === 1 ? '' : 's'}`;
}

/** `411.2 MiB`; plain bytes below one KiB. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `0.8 s`, `42 s`, `3 m 05 s`, `2 h 07 m`, `3 d 04 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${two(Math.floor((s % 3_600) / 60))} m`;
  return `${Math.floor(s / 86_400)} d ${two(Math.floor((s % 86_400) / 3_600))} h`;
}

/** Seconds between two ISO times. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}

/** `2026-01-31 12:34:56` in UTC, from an ISO time. */
export function time(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** Rows under a header, columns as wide as they need to be. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
