// A sealed archive as a source: of checks for a verify job, of records for whoever reads it back.
import type {
  Context,
  Cursor,
  Finding,
  Page,
  PageAudit,
  Payload,
  Reject,
  Source,
  Stream,
} from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { NamedDamage, Damage } from './damage.js';
import { cursorSchema, rangeSchema, type Manifest, type ManifestStream, type SegmentLine } from './format.js';
import { cut } from './cut.js';
import { readManifest } from './manifest.js';
import { isMissing } from './objects.js';
import { segmentLines } from './segment-lines.js';
import { createReferred, type Referred } from './referred.js';
import { resolved } from './resolved.js';
import { createDraws, isDrawn, type Drawn, type Sample } from './sample.js';
import { segmentPages, type PagesWanted, type SegmentPage } from './segment-pages.js';
import { checkList, checkSegment, checkStored, type SegmentPlace } from './segment-reader.js';

export interface ArchiveSourceOptions {
  /**
   * `report`: one page a segment, without its records, saying in `audit` whether it is intact.
   * `fail`: pages of records, `archive_damaged` at the first segment that is not intact, before any record of it.
   * `skip`: pages of records; a segment that is not intact is a reject.
   */
  readonly onDamage: 'report' | 'fail' | 'skip';
  /** How many records a page of a stream may have; absent: as many as a page has room for. */
  readonly pageRecords?: ((stream: string) => number) | undefined;
  /** Only with `report`: segments that were not drawn are passed over. Absent: all are read. */
  readonly sample?: Sample | undefined;
}

/**
 * Beside the errors of its store it throws `archive_missing`, `archive_unsupported`, `archive_damaged` and
 * `stream_unknown`. `path` is the archive's folder in the store: prefix and id.
 */
export function createArchiveSource(store: Store, path: string, options: ArchiveSourceOptions): Source {
  const { onDamage, pageRecords = () => Infinity, sample } = options;
  const drawnOf = createDraws(store, path, sample);
  let known: Known | null = null;
  const open = async (): Promise<Known> => (known ??= knownOf(await readManifest(store, path)));

  return {
    async *streams(_ctx, names, after = '') {
      const known = await open();
      for (const stream of pick(known, names)) {
        if (stream.name > after) yield describe(stream, await drawnOf(known.manifest, stream));
      }
    },

    async *partitions(_ctx, { name }, want) {
      const known = await open();
      const [stream] = pick(known, [name]);
      if (!stream) return;
      const drawn = await drawnOf(known.manifest, stream);
      const part = sample && drawn ? { ...drawn, has: isDrawn(sample, drawn) } : null;
      yield* cut(store, path, known.manifest, stream, want, part);
    },

    async *read(ctx, stream, partition, from) {
      const range = rangeSchema.parse(partition.range);
      const at = from === null ? { line: range.start, skip: 0 } : cursorSchema.parse(from);
      const place = { store, archive: path, encoding: range.encoding, compression: range.compression };
      const lines = segmentLines(store, path, range.path, { start: at.line, end: range.end });
      const referred = createReferred(ctx, store, async () => (await open()).manifest.bases ?? []);
      const isRead = sample ? isDrawn(sample, range) : () => true;
      let { skip } = at;
      for await (const { line, start, end } of lines) {
        if (ctx.stop.aborted) throw new Stopped();
        if (!isRead(line)) continue;
        ctx.meter.request();
        const next = end < range.end ? { line: end, skip: 0 } : null;
        if (onDamage === 'report') yield { ...(await audit(ctx, place, line, referred)), next };
        else {
          const wanted = { skip, records: pageRecords(stream) };
          yield* records(ctx, place, line, { wanted, start, next, referred, pass: onDamage === 'skip' });
        }
        skip = 0;
      }
    },

    close: () => store.close(),
  };
}

/** A cursor within the segment lets a reader stop between any two pages. */
async function* records(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  at: {
    readonly wanted: PagesWanted;
    readonly start: number;
    readonly next: Cursor;
    readonly referred: Referred;
    readonly pass: boolean;
  },
): AsyncGenerator<Page> {
  let handedOut = 0;
  try {
    await checkStored(ctx, place, line);
    for await (const { page, end } of pagesOf(ctx, place, line, at)) {
      handedOut += page.records + (page.rejects?.length ?? 0);
      yield { ...page, next: end === line.bytes ? at.next : { line: at.start, skip: end } };
      if (ctx.stop.aborted) throw new Stopped();
    }
  } catch (error) {
    const found = findingOf(place, line, error);
    const why = found.problem === 'missing' ? 'is missing' : `is damaged: ${found.detail}`;
    const message = `${found.path} ${why}.`;
    if (!at.pass) throw new LonghaulError('archive_damaged', message, { cause: error });
    const lost: Reject = {
      code: 'archive_damaged',
      message,
      records: line.records - handedOut,
      payload: null,
    };
    yield { payload: nothing(place), records: 0, rejects: [lost], next: at.next };
  }
}

async function* pagesOf(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  at: { readonly wanted: PagesWanted; readonly referred: Referred; readonly pass: boolean },
): AsyncGenerator<SegmentPage> {
  for await (const found of segmentPages(ctx, place, line, at.wanted)) {
    if (line.referred === undefined) yield found;
    else yield* resolved(at.referred, found, at.pass);
  }
}

function nothing({ encoding }: SegmentPlace): Payload {
  return encoding === 'csv'
    ? { format: encoding, header: new Uint8Array(), chunks: [] }
    : { format: encoding, chunks: [] };
}

/** A segment is intact where all that it refers to is. */
async function audit(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  referred: Referred,
): Promise<Omit<Page, 'next'>> {
  const payload = { format: 'jsonl', chunks: [] } as const;
  try {
    await checkSegment(ctx, place, line, async (reference) => void (await referred.entry(reference)));
    await checkList(ctx, place, line);
  } catch (error) {
    return { payload, records: 0, audit: found(findingOf(place, line, error)) };
  }
  const { records: intact, bytes, storedBytes } = line;
  return { payload, records: intact, audit: { segments: 1, bytes, storedBytes, findings: [] } };
}

function found(finding: Finding): PageAudit {
  return { segments: 0, bytes: 0, storedBytes: 0, findings: [finding] };
}

/** Throws again what says nothing about the segment. */
function findingOf({ archive }: SegmentPlace, line: SegmentLine, error: unknown): Finding {
  const path = `${archive}/${line.path}`;
  if (error instanceof NamedDamage) {
    return { path: error.path, problem: error.problem, detail: error.message };
  }
  if (error instanceof Damage) return { path, problem: 'damaged', detail: error.message };
  if (isMissing(error)) return { path, problem: 'missing', detail: 'it is not in the store' };
  throw error;
}

/** There may be many streams: each is found by its name. */
interface Known {
  readonly manifest: Manifest;
  readonly streams: ReadonlyMap<string, ManifestStream>;
}

function knownOf(manifest: Manifest): Known {
  return { manifest, streams: new Map(manifest.streams.map((stream) => [stream.name, stream])) };
}

function pick({ manifest, streams }: Known, names: readonly string[] | undefined): readonly ManifestStream[] {
  if (!names) return manifest.streams;
  return [...new Set(names)].sort().map((name) => {
    const stream = streams.get(name);
    if (!stream) throw new LonghaulError('stream_unknown', `The archive has no stream ${name}.`);
    return stream;
  });
}

/** Of a sample are expected the records that it will read. */
function describe({ name, key, encoding, schema, records }: ManifestStream, drawn: Drawn | null): Stream {
  return { name, key, encoding, schema, estimate: drawn?.records ?? records };
}
