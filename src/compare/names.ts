// The streams of a comparison: each side's, told apart by what stands before their names.
import type { Side } from './entry.js';

export function sidedName(side: Side, stream: string): string {
  return `${side}/${stream}`;
}

export function sideAndStream(name: string): { readonly side: Side; readonly stream: string } {
  const side = name.startsWith('archive/') ? 'archive' : 'against';
  return { side, stream: name.slice(side.length + 1) };
}
