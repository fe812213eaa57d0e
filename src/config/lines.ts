// Finds the line of a place in a YAML document.
import { isMap, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml';

/** The line of the key that a path names; where the path leads nowhere (a missing key), of the last part that is there. */
export function lineOf(document: Document, path: readonly (string | number)[], lines: LineCounter): number {
  let offset = startOf(document.contents);
  let node: unknown = document.contents;
  for (const part of path) {
    const child = childOf(node, part);
    if (child === null) break;
    offset = child.offset;
    node = child.node;
  }
  return lines.linePos(offset).line;
}

function childOf(node: unknown, part: string | number): { offset: number; node: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    return pair ? { offset: startOf(pair.key as Node), node: pair.value } : null;
  }
  if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
    const item = node.items[part] as Node;
    return { offset: startOf(item), node: item };
  }
  return null;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
