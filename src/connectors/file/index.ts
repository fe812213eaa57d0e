// The `file` connection: a folder on the worker's machine that holds archives, and folders in it that are backed up.
import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { FileConnection } from '../../config/file.js';
import type { Sink } from '../../core/connector.js';
import type { Connection, SinkOptions } from '../../core/registry.js';
import { passedThrough } from '../objects/pass.js';
import { createObjectSink } from '../objects/sink.js';
import { createObjectSource } from '../objects/source.js';
import { attempt } from './faults.js';
import { createFileStore } from './store.js';
import { createFileTarget } from './target.js';
import { createFileTree } from './tree.js';
import { makeFolder } from './writer.js';

/** Files at once, of each reader and writer: as many as Node's threads take. */
const CONCURRENCY = 4;

export function createFileConnection(name: string, { path, streams }: FileConnection): Connection {
  const root = resolve(path);
  return {
    name,
    type: 'file',
    limits: {},
    store: () => createFileStore(root),
    ...(streams && objectsIn(name, root, streams)),
    check: () => check(root),
  };
}

function objectsIn(
  connection: string,
  root: string,
  streams: NonNullable<FileConnection['streams']>,
): Pick<Connection, 'source' | 'sink' | 'copyFrom'> {
  const pathOf = (stream: string): string => streams[stream]?.path ?? stream;
  const own = { connection, streams, concurrency: CONCURRENCY };
  const sink = (options: SinkOptions): Sink =>
    createObjectSink(
      { ...own, target: (stream) => createFileTarget(root, pathOf(stream), options.job) },
      options,
    );
  return {
    source: ({ pageSize, known }) =>
      createObjectSource({ ...own, pageSize, known, tree: (stream) => createFileTree(root, pathOf(stream)) }),
    sink,
    copyFrom: (from, reading, writing) => passedThrough(from, reading, sink(writing)),
  };
}

/** Writes and removes an object the way an archive does, and tells how much room there is. */
async function check(root: string): Promise<string> {
  const store = createFileStore(root);
  const probe = `.probe-${randomUUID()}`;
  await attempt(`make the folder ${root}`, () => makeFolder(root));
  await store.put(probe, Buffer.from('probe'), { ifAbsent: true });
  await store.remove(probe);
  const { bavail, bsize } = await attempt(`see the free space of ${root}`, () => statfs(root));
  return `${root} is writable, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`;
}
