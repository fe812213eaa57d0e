// A job in words: one line while it goes, a summary at its end, a page on request.
import type { DifferencePage } from '../api/result-contracts.js';
import type { Differences, SampleSummary, SealSummary } from '../core/connector.js';
import type { Job, JobProgress, StreamProgress } from '../core/job.js';
import { bytes, count, counted, duration, secondsBetween, time } from './format.js';

/** `1,200,000 of 2,000,000 records, 392.0 MiB, 48,000/s, 17 s left`, and what it waits for. */
export function progressText(job: Job): string {
  const p = job.progress;
  const parts = [recordsText(p)];
  if (p.bytes > 0) parts.push(bytes(p.bytes));
  if (p.recordsPerSecond !== null) parts.push(`${count(Math.round(p.recordsPerSecond))}/s`);
  if (p.etaSeconds !== null && job.endedAt === null) parts.push(`${duration(p.etaSeconds)} left`);
  if (p.retries > 0) parts.push(`${count(p.retries)} retried`);
  return `${parts.join(', ')}${waiting(p)}`;
}

export function percentText(p: JobProgress): string {
  return p.percent === null ? '    –  ' : `${p.percent.toFixed(1).padStart(5)} %`;
}

export function streamText(stream: StreamProgress): string {
  const { done, total } = stream.partitions;
  return `${recordsText(stream)}${total > 1 ? `, partitions ${done}/${total}` : ''}`;
}

/** The lines that follow a job which somebody waited for. */
export function summary(job: Job): string[] {
  const lines = [`${job.id} ${job.state}${took(job)}`];
  if (job.result) lines.push(...resultLines(job));
  lines.push(...rejectLines(job));
  return [...lines, ...folderLine(job)];
}

/** Everything there is to say about a job. */
export function page(job: Job): string[] {
  const p = job.progress;
  return [
    `${job.id} ${job.state}`,
    ...row('source', sourceText(job)),
    ...row('sink', sinkText(job)),
    ...folderLine(job),
    ...row('schedule', job.schedule ?? null),
    ...row('created', time(job.createdAt)),
    ...row('started', job.startedAt && time(job.startedAt)),
    ...row('ended', job.endedAt && `${time(job.endedAt)}${took(job)}`),
    ...row(
      'progress',
      p.percent === null ? progressText(job) : `${percentText(p).trim()}, ${progressText(job)}`,
    ),
    ...row('pace', paceText(job)),
    ...row('requests', `${count(p.requests)} for ${count(p.pages)} pages, ${count(p.retries)} retried`),
    ...streamLines(job),
    ...(job.result ? resultLines(job) : []),
    ...rejectLines(job),
    ...row('web ui', job.webUi),
  ];
}

function paceText({ lanes, requestsPerSecond }: Job): string | null {
  if (lanes === null) return null;
  const pace = requestsPerSecond === null ? '' : `, at most ${requestsPerSecond} requests a second`;
  return `${counted(lanes, 'lane')}${pace}`;
}

function folderLine({ kind, archive }: Job): string[] {
  return row(kind === 'export' ? 'folder' : 'archive', archive);
}

export function sinkText({ sink }: Pick<Job, 'sink'>): string | null {
  if (!sink) return null;
  return 'prefix' in sink ? `${sink.connection}/${sink.prefix}` : sink.connection;
}

export function sourceText(job: Pick<Job, 'source'>): string {
  if ('archive' in job.source) return `${job.source.connection}/${job.source.archive}`;
  const streams = job.source.streams;
  return streams ? `${job.source.connection}/${streams.join(',')}` : job.source.connection;
}

function row(label: string, value: string | null): string[] {
  return value ? [`  ${label.padEnd(9)} ${value}`] : [];
}

function recordsText(p: Pick<JobProgress, 'records' | 'estimatedRecords'>): string {
  return p.estimatedRecords === null
    ? `${count(p.records)} records`
    : `${count(p.records)} of ${count(p.estimatedRecords)} records`;
}

function waiting(p: JobProgress): string {
  if (p.waitingUntil === null) return p.waitingFor === null ? '' : ` (waiting: ${p.waitingFor})`;
  return ` (waiting until ${time(p.waitingUntil)} UTC${p.waitingFor === null ? '' : `: ${p.waitingFor}`})`;
}

function took(job: Job): string {
  if (!job.startedAt || !job.endedAt) return '';
  return ` after ${duration(secondsBetween(job.startedAt, job.endedAt))}`;
}

function streamLines(job: Job): string[] {
  const lines = job.streams.map((s) => `  ${'stream'.padEnd(9)} ${s.name} ${s.state}, ${streamText(s)}`);
  const more = job.streamsTotal - job.streams.length;
  return more > 0 ? [...lines, `            and ${count(more)} more`] : lines;
}

function resultLines(job: Job): string[] {
  const result = job.result;
  if (!result) return [];
  const findings = result.findings ?? [];
  const hidden = (result.findingsTotal ?? findings.length) - findings.length;
  return [
    `  records   ${count(result.records)}`,
    ...sizeLines(job, result),
    ...(result.differences ? row('compared', comparedText(result.differences)) : []),
    ...(result.notes ?? []).map((note) => `  note      ${note}`),
    ...findings.map((f) => `  ${f.problem.padEnd(9)} ${f.path}: ${f.detail}`),
    ...(hidden > 0 ? [`            and ${count(hidden)} more`] : []),
  ];
}

/** Only what an archive was made or read of is stored in segments. */
function sizeLines({ kind }: Job, result: SealSummary): string[] {
  if (kind === 'export')
    return [...row('bytes', bytes(result.bytes)), ...row('files', count(result.files ?? 0))];
  if (kind === 'restore' || kind === 'copy' || result.differences) return row('bytes', bytes(result.bytes));
  return [
    ...row('bytes', `${bytes(result.bytes)}, stored as ${bytes(result.storedBytes)}`),
    ...row('segments', count(result.segments)),
    ...(result.sample ? row('sample', sampleText(result.sample)) : []),
  ];
}

/** `10%: 42 of 420 segments, 98.1 MiB of 981 MiB as stored` */
function sampleText({ share, read, of }: SampleSummary): string {
  const segments = `${count(read.segments)} of ${counted(of.segments, 'segment')}`;
  return `${share}: ${segments}, ${bytes(read.storedBytes)} of ${bytes(of.storedBytes)} as stored`;
}

function rejectLines({ id, progress: { rejects } }: Job): string[] {
  return row('rejects', rejects > 0 ? `${count(rejects)} (longhaul rejects ${id})` : null);
}

/** `1,204 the same, 3 added, 0 removed, 1 changed`, and keys that come more than once. */
export function comparedText({ same, added, removed, changed, duplicates }: Differences): string {
  const twice = duplicates > 0 ? `, ${counted(duplicates, 'key')} more than once` : '';
  return `${count(same)} the same, ${count(added)} added, ${count(removed)} removed, ${count(changed)} changed${twice}`;
}

/** Header and rows of a table. */
export function differenceRows({ differences }: DifferencePage): [string[], string[][]] {
  const rows = differences.map(({ kind, stream, key, records, side, record }) => [
    side ? `${kind} (${side})` : kind,
    stream,
    key.length > 0 ? key.map((part) => printable(part ?? 'NULL')).join(', ') : printable(record ?? ''),
    count(records),
  ]);
  return [['WHAT', 'STREAM', 'KEY', 'RECORDS'], rows];
}

const SHOWN_CHARS = 500;

/** A text out of the data on one line of a terminal, which nothing in it can steer. */
export function printable(text: string): string {
  const shown = text.slice(0, SHOWN_CHARS).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped);
  return text.length > SHOWN_CHARS ? `${shown}…` : shown;
}

function escaped(sign: string): string {
  return `\\u{${sign.codePointAt(0)!.toString(16)}}`;
}
