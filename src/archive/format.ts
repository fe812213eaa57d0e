// The JSON of an archive. docs/archive-format.md says the same in words; change both or neither.
import { z } from 'zod';

export const FORMAT = 'longhaul-archive/1';
/** Of archives that refer to others: who does not know how to follow must not take them for whole. */
export const FORMAT_WITH_BASES = 'longhaul-archive/2';
/** Stands in the place of a manifest while an archive that was given up is removed. */
export const DISCARDED = 'longhaul-discarded';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);
const json = z.json();

export const compressionSchema = z.enum(['zstd', 'gzip', 'none']);
export type Compression = z.infer<typeof compressionSchema>;

export const encodingSchema = z.enum(['jsonl', 'csv', 'tar']);

const sourceSchema = z.object({ connection: z.string(), type: z.string() });

/** What one segment holds. `path` is relative to the archive; `bytes` are those that come out of decompression. */
const segmentFields = {
  seq: count,
  path: z.string().min(1),
  records: count,
  bytes: count,
  /** It begins within an object that the segment before began. */
  goesOn: z.literal(true).optional(),
  /** Of a tar segment: its entries, an object beside it. `first`: the key of the first one. */
  list: z.object({ path: z.string().min(1), storedBytes: count, sha256, first: z.string() }).optional(),
  /** Records of it that are references; absent: none. */
  referred: count.optional(),
};
const storedFields = { storedBytes: count, sha256 };
/** Only of the pieces of an export, never in an archive: records that keep something in a column of their own. */
const pieceFields = { extra: count.optional() };

export const segmentSchema = z.object({ ...segmentFields, ...storedFields, ...pieceFields });
export type Segment = z.infer<typeof segmentSchema>;

/** A line of segments.jsonl. */
export const segmentLineSchema = z.object({
  stream: z.string(),
  partition: z.string(),
  ...segmentFields,
  ...storedFields,
  ...pieceFields,
});
export type SegmentLine = z.infer<typeof segmentLineSchema>;

export const streamSchema = z.object({
  name: z.string(),
  encoding: encodingSchema,
  key: z.array(z.string()),
  schema: json,
});
export type StreamDescription = z.infer<typeof streamSchema>;

export const manifestStreamSchema = streamSchema.extend({
  records: count,
  bytes: count,
  storedBytes: count,
  segments: count,
  /** Records that are references; absent: none. */
  referred: count.optional(),
  /** The bytes of segments.jsonl that hold the stream's lines. */
  lines: z.object({ start: count, end: count }),
});
export type ManifestStream = z.infer<typeof manifestStreamSchema>;

/** An archive that another one refers to. `sha256`: of its manifest.json. */
export const baseRefSchema = z.object({ archive: z.string().min(1), sha256 });
export type BaseRef = z.infer<typeof baseRefSchema>;

export const manifestSchema = z.object({
  format: z.enum([FORMAT, FORMAT_WITH_BASES]),
  id: z.string(),
  job: z.string(),
  createdAt: z.string(),
  completedAt: z.string(),
  source: sourceSchema,
  compression: compressionSchema,
  segments: z.object({ path: z.string().min(1), sha256, count }),
  report: z.object({ path: z.string().min(1), sha256 }),
  streams: z.array(manifestStreamSchema),
  /** All that references lead to: the base, then those that it refers to itself. */
  bases: z.array(baseRefSchema).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A work file that another one names by its hash. */
const linkSchema = z.object({ path: z.string(), sha256 });

/** `.work/job.json`: whose folder this is. What else is in it is for people. */
export const claimSchema = z.looseObject({ format: z.string(), id: z.string(), job: z.string() });
export type Claim = z.infer<typeof claimSchema>;

export interface ArchiveClaim extends Claim, Pick<Manifest, 'createdAt' | 'source' | 'compression'> {}

/** What a flush returns: the newest part of a partition's chain. The whole state of its writer. */
export const partRefSchema = linkSchema.extend({ seq: count, segments: count, records: count });
export type PartRef = z.infer<typeof partRefSchema>;

const targetFields = { stream: z.string(), partition: z.string(), index: count };

const talliesSchema = z.object({
  records: count,
  bytes: count,
  pages: count,
  requests: count,
  retries: count,
  rejects: count,
});

/** A manifest part: what one flush made durable. `records` are of the whole chain so far. */
export const partSchema = z.object({
  prev: linkSchema.nullable(),
  seq: count,
  target: z.object(targetFields),
  segments: z.array(segmentSchema),
  records: count,
  cursor: json,
  done: z.boolean(),
  tallies: talliesSchema,
  /** The newest part of the partition's log of rejects, in the folder of the job. */
  rejects: linkSchema.extend({ seq: count, records: count }).optional(),
});
export type Part = z.infer<typeof partSchema>;

const headSchema = z.object({ ...targetFields, records: count, state: partRefSchema });
export type ArchiveHead = z.infer<typeof headSchema>;
export const headsSchema = z.array(headSchema);

/** What `settle` returns: the newest page of the ledger. `count` is of heads in all pages. */
export const ledgerRefSchema = linkSchema.extend({ seq: count, count });
export type LedgerRef = z.infer<typeof ledgerRefSchema>;

export const ledgerPageSchema = z.object({ prev: linkSchema.nullable(), seq: count, heads: headsSchema });
export type LedgerPage = z.infer<typeof ledgerPageSchema>;

/** What a verify or reading job knows of its part of an archive: whole lines of segments.jsonl, `end` excluded. */
export const rangeSchema = z.object({
  path: z.string(),
  start: count,
  end: count,
  encoding: encodingSchema,
  compression: compressionSchema,
  /** Of a sample: only segments whose lots lie below are read. Absent: all. */
  below: count.optional(),
});
export type Range = z.infer<typeof rangeSchema>;

/** `line`: where the segment's line begins; `skip`: bytes of the segment, decompressed, that were handed out. */
export const cursorSchema = z.object({ line: count, skip: count });
