// Where archives live: a flat space of immutable objects. A folder or a bucket.

export interface StoredObject {
  /** Relative to the connection's root, `/` between parts, never `..` or a leading `/`. */
  readonly path: string;
  readonly size: number;
}

/** Writes one object. It is invisible under its path until `commit` resolves, and then whole and durable. */
export interface ObjectWriter {
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  /** Leaves nothing behind. Harmless after `commit`. */
  abort(): Promise<void>;
}

/**
 * Every method throws `LonghaulError`: `disk_full`, `sink_unwritable`, `object_missing`, `source_unreachable`, and what a
 * server adds to them. A fault that may pass was tried again. Paths that leave the root are refused.
 */
export interface Store {
  create(path: string): Promise<ObjectWriter>;
  /** A small object at once, as durable as `create`. `ifAbsent`: resolves `false`, writing nothing, where one exists. */
  put(path: string, bytes: Uint8Array, options?: { ifAbsent?: boolean }): Promise<boolean>;
  /** The object's bytes from `start` up to and without `end`. `object_missing` where there is none. */
  read(path: string, range?: { start: number; end?: number }): AsyncIterable<Uint8Array>;
  stat(path: string): Promise<StoredObject | null>;
  /** All objects below a prefix (`a/b` means inside folder `a/b`), sorted by path within each folder; none is no error. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Names of the folders right below one (`''`: the root) sorted as if each ended with `/`; none is no error. */
  folders(path: string): AsyncIterable<string>;
  remove(path: string): Promise<void>;
  /** Removes everything below a prefix, and the emptied folders. */
  removeAll(prefix: string): Promise<void>;
  /**
   * Removes what writers that never finished left below a prefix, and empty folders. A writer still at work loses its
   * object, unless nothing of it has left its memory yet.
   */
  sweep(prefix: string): Promise<void>;
  close(): Promise<void>;
}
