// Which of the valid names was meant.

/** The valid name that a misspelt one is closest to; null where none is near enough to be worth naming. */
export function nearest(misspelt: string, valid: readonly string[]): string | null {
  const wanted = misspelt.toLowerCase();
  const furthest = Math.max(1, Math.floor(misspelt.length / 3));
  const ranked = valid
    .map((name) => ({ name, edits: edits(wanted, name.toLowerCase()) }))
    .filter((candidate) => candidate.edits <= furthest)
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.name ?? null;
}

/** ` Did you mean contacts?`, to follow what was said of a name; nothing where none is near enough. */
export function guess(misspelt: string, valid: readonly string[]): string {
  const meant = nearest(misspelt, valid);
  return meant === null ? '' : ` Did you mean ${meant}?`;
}

/** Letters to add, drop, change or swap with their neighbour to get from one word to the other. */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const changed = at(last, column - 1) + (same ? 0 : 1);
      let best = Math.min(changed, at(last, column) + 1, at(current, column - 1) + 1);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, at(beforeLast, column - 2) + 1);
      current.push(best);
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
