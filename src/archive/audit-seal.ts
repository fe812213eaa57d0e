// The end of a verify: what was read is held against the manifest, and the folder of the archive against its list.
import type { Context, Extent, Finding, SampleSummary, SealSummary } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { addFindings, type Findings, type Limit } from './findings.js';
import type { Manifest, ManifestStream, SegmentLine } from './format.js';
import { inventory, missing, surplus } from './inventory.js';
import { readManifest } from './manifest.js';
import { readIfThere, sha256 } from './objects.js';
import { draw, isDrawn, NONE, plus, type Drawn, type Sample } from './sample.js';
import { unlisted } from './unlisted.js';

/** What of the archive was to be read. */
export interface AuditScope {
  /** Names; absent: all. */
  readonly streams?: readonly string[] | undefined;
  /** Absent: every segment. */
  readonly sample?: Sample | undefined;
}

export interface Audited {
  readonly store: Store;
  readonly path: string;
  readonly scope: AuditScope;
  /** Of what the summary shows. */
  readonly limit: Limit;
}

/** `read`: what was found intact, and the findings so far. Throws `archive_damaged` where the archive changed meanwhile. */
export async function sealAudit(
  ctx: Context,
  audited: Audited,
  read: Findings & Extent,
): Promise<SealSummary> {
  const { store, path, scope, limit } = audited;
  const manifest = await readManifest(store, path);
  const streams = streamsOf(manifest, scope);
  const draws = scope.sample && (await drawsOf(audited, manifest, streams, scope.sample));
  const whole = streams.reduce<Extent>(plus, NONE);
  const toRead = draws ? [...draws.values()].reduce<Extent>(plus, NONE) : whole;
  if (read.segments + read.findingsTotal !== toRead.segments) throw changed(path);
  const { records, bytes, storedBytes, segments } = read;
  const reported = addFindings(read, await checkReport(store, path, manifest), limit);
  const listed = await collect(ctx, listing(ctx, audited, manifest, draws), limit);
  return {
    records,
    bytes,
    storedBytes,
    segments,
    ...addFindings(reported, listed.findings, limit, listed.findingsTotal),
    ...(scope.sample && said({ share: scope.sample.asked, read: toRead, of: whole })),
  };
}

function streamsOf({ streams }: Manifest, { streams: names }: AuditScope): readonly ManifestStream[] {
  if (!names) return streams;
  const asked = new Set(names);
  return streams.filter(({ name }) => asked.has(name));
}

type Draws = ReadonlyMap<string, Drawn>;

/** The same draw as when the job was planned. By the name of the stream. */
async function drawsOf(
  { store, path }: Audited,
  manifest: Manifest,
  streams: readonly ManifestStream[],
  sample: Sample,
): Promise<Draws> {
  const draws = new Map<string, Drawn>();
  for (const stream of streams) draws.set(stream.name, await draw(store, path, manifest, stream, sample));
  return draws;
}

/** What the store's list tells: what is surplus, and of a sample how the segments fare that were not drawn. */
async function* listing(
  ctx: Context,
  { store, path, scope: { sample } }: Audited,
  manifest: Manifest,
  draws: Draws | undefined,
): AsyncGenerator<Finding> {
  if (sample && draws) {
    yield* inventory(ctx, store, path, manifest, isUnread(sample, draws));
    return;
  }
  for await (const object of unlisted(store, path, manifest)) yield surplus(object.path);
}

function isUnread(sample: Sample, draws: Draws): (line: SegmentLine) => boolean {
  return (line) => {
    const drawn = draws.get(line.stream);
    return drawn !== undefined && !isDrawn(sample, drawn)(line);
  };
}

async function collect(ctx: Context, found: AsyncIterable<Finding>, limit: Limit): Promise<Findings> {
  const findings: Finding[] = [];
  let findingsTotal = 0;
  for await (const finding of found) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    findingsTotal += 1;
    if (findings.length < limit.findings) findings.push(finding);
  }
  return { findings, findingsTotal };
}

async function checkReport(store: Store, archive: string, { report }: Manifest): Promise<Finding[]> {
  const path = `${archive}/${report.path}`;
  const bytes = await readIfThere(store, path);
  if (bytes === null) return [missing(path)];
  if (sha256(bytes) === report.sha256) return [];
  return [{ path, problem: 'damaged', detail: 'its sha256 is not the one in the manifest' }];
}

/** In figures, and in a sentence for whoever would take it for a proof. */
function said(sample: SampleSummary): Pick<SealSummary, 'sample' | 'notes'> {
  const { read, of } = sample;
  const note =
    read.segments === of.segments
      ? `A sample was asked for, and came to every segment: all ${of.segments} were read.`
      : `A sample was read, not the whole: ${read.segments} of ${of.segments} segments, ${percentOf(read, of)} of the stored bytes. Of the others only presence and size were checked.`;
  return { sample, notes: [note] };
}

function percentOf(read: Extent, of: Extent): string {
  const percent = (read.storedBytes / Math.max(1, of.storedBytes)) * 100;
  return percent < 0.1 ? 'less than 0.1 %' : `${percent.toFixed(1)} %`;
}

function changed(path: string): LonghaulError {
  return new LonghaulError('archive_damaged', `${path} changed while it was verified.`, {
    hint: 'Find out who writes into the archive, then verify it again.',
  });
}
