// What is to be known of the streams until the end of a job: a work file each.
import type { Stream } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { streamSchema, type StreamDescription } from './format.js';
import { folderName, STREAMS } from './layout.js';
import { readAll } from '../core/read-all.js';
import { decodeJson, encodeJson, readIfThere } from './objects.js';

const pathOf = (path: string, name: string): string => `${path}/${STREAMS}/${folderName(name)}.json`;

/** `ifAbsent`: the first description stands. */
export async function describe(
  store: Store,
  path: string,
  stream: Pick<Stream, 'name' | 'encoding' | 'key' | 'schema'>,
  options: { readonly ifAbsent: boolean },
): Promise<void> {
  const { name, encoding, key, schema } = stream;
  await store.put(pathOf(path, name), encodeJson({ name, encoding, key, schema }), options);
}

/** null: the job has not begun it, or is over. */
export async function describedStream(
  store: Store,
  path: string,
  name: string,
): Promise<StreamDescription | null> {
  const bytes = await readIfThere(store, pathOf(path, name));
  return bytes && decodeJson(bytes, streamSchema, 'chain_broken', pathOf(path, name));
}

/** Of all streams, sorted by name. */
export async function describedStreams(store: Store, path: string): Promise<readonly StreamDescription[]> {
  const streams: StreamDescription[] = [];
  for await (const object of store.list(`${path}/${STREAMS}`)) {
    streams.push(decodeJson(await readAll(store, object.path), streamSchema, 'chain_broken', object.path));
  }
  return streams.sort((a, b) => (a.name < b.name ? -1 : 1));
}
