// The files that a finished job wrote, as they are listed and downloaded.

export interface JobFile {
  /** Relative to the folder of the archive or export, `/` between parts. */
  readonly path: string;
  /** As stored. */
  readonly bytes: number;
  /** null: it holds none, but speaks of others. */
  readonly records: number | null;
  /** Of the bytes as stored. */
  readonly sha256: string;
}

/** A file and where it stands in its list; `next`: where the one after it does. */
export interface PlacedFile {
  readonly file: JobFile;
  readonly place: number;
  readonly next: number;
}

/** In an order of its own that does not change. The number of files may be large; few are held at a time. */
export interface JobFiles {
  /** From a place on; undefined: from the beginning. A place that is none gives nothing or throws. */
  list(from?: number): AsyncIterable<PlacedFile>;
  /** null: no such file. `place`, where it is right, makes the search short. */
  find(path: string, place?: number): Promise<JobFile | null>;
}
