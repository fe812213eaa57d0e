// Which segments a sealed archive is made of.
import type { Store } from '../core/store.js';
import { readEnding } from './claim.js';
import { MANIFEST } from './layout.js';
import { readManifest } from './manifest.js';
import { segmentLines } from './segment-lines.js';

/** The paths of a stream's segments; none where the archive is not sealed. */
export async function listedSegments(
  store: Store,
  archive: string,
  stream: string,
): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  if ((await readEnding({ store, path: archive, ending: MANIFEST }))?.kind !== 'sealed') return paths;
  const { segments, streams } = await readManifest(store, archive);
  const lines = streams.find(({ name }) => name === stream)?.lines ?? { start: 0, end: 0 };
  for await (const { line } of segmentLines(store, archive, segments.path, lines)) paths.add(line.path);
  return paths;
}
