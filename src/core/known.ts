// What an earlier backup of the same connection knows of objects, so that a later one can refer to them.

/** Where the bytes of an entry are: in a segment of another archive of the same store. */
export interface EntryPlace {
  /** The archive's folder in the store. */
  readonly archive: string;
  /** The segment, relative to that folder. */
  readonly path: string;
  /** Where the segment's line begins in the archive's list of segments. */
  readonly line: number;
  /** Where the entry begins in the segment, in bytes after decompression. */
  readonly at: number;
}

/** An object, or a piece of one, that is kept elsewhere. */
export interface Reference {
  readonly key: string;
  /** Of the whole object. */
  readonly size: number;
  readonly version: string;
  /** Seconds since 1970, decimal. */
  readonly mtime: string;
  /** Where in the object the bytes of the entry begin, and how many they are. */
  readonly offset: number;
  readonly length: number;
  readonly from: EntryPlace;
}

/** An object with all of its pieces, in order. */
export interface KnownObject extends Pick<Reference, 'key' | 'size' | 'version' | 'mtime'> {
  readonly pieces: readonly Reference[];
}

/** The objects of a stream with keys after one (null: all), in the order of their keys. None where it knows no such stream. */
export type KnownObjects = (stream: string, after: string | null) => AsyncIterable<KnownObject>;
