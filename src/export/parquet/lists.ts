// Array values as PostgreSQL writes them: `{1,NULL,"a \"b\""}`.

/** null where it is not an array of one dimension that begins at 1. */
export function listOf(text: string): (string | null)[] | null {
  if (text === '{}') return [];
  if (!text.startsWith('{') || text.startsWith('{{')) return null;
  const items: (string | null)[] = [];
  for (let at = 1; at < text.length;) {
    const { item, end } = text[at] === '"' ? quotedItem(text, at) : plainItem(text, at);
    items.push(item);
    at = end + 1;
  }
  return items;
}

/** Where the comma or brace is that follows. */
function plainItem(text: string, start: number): { item: string | null; end: number } {
  let end = start;
  while (text[end] !== ',' && text[end] !== '}') end += 1;
  const raw = text.slice(start, end);
  return { item: raw === 'NULL' ? null : raw.replaceAll(/\\(.)/gsu, '$1'), end };
}

function quotedItem(text: string, start: number): { item: string; end: number } {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return { item: text.slice(start + 1, end).replaceAll(/\\(.)/gsu, '$1'), end: end + 1 };
}
