// Takes JSON apart into the texts it is made of, for tests that compare bytes. Code of its own, to be held against ours.

/** The raw texts of the elements of an array, or of the members of an object as `name:value`. */
export function elementsOf(text: string): string[] {
  const inner = text.trim().slice(1, -1);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { index, 0: token } of inner.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else if (token === ',' && depth === 0) {
      parts.push(inner.slice(start, index).trim());
      start = index + 1;
    }
  }
  const last = inner.slice(start).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

/** The raw text of an object's member; of repeated names the last. */
export function memberOf(text: string, name: string): string | undefined {
  if (!text.trim().startsWith('{')) return undefined;
  return elementsOf(text)
    .map((member) => /^("(?:[^"\\]|\\.)*")\s*:(.*)$/s.exec(member)!)
    .findLast(([, key]) => JSON.parse(key!) === name)?.[2]
    ?.trim();
}
