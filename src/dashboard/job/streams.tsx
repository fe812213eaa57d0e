// The streams of a job and their partitions, as a picture: solid is done, striped runs, crossed failed, hollow waits.
import type { Job, StreamProgress } from '../../core/job.js';
import { Icon, type IconName } from '../ui/icon.js';
import { count, counted, percent } from '../words.js';
import { cellsOf, cellsText, lookOf, type StreamLook } from './cells.js';

const ICONS: Readonly<Record<StreamLook, IconName>> = {
  done: 'completed',
  failed: 'failed',
  running: 'running',
  waiting: 'queued',
};

export function Streams({ job }: { readonly job: Job }) {
  const { streams, streamsTotal } = job;
  const hidden = streamsTotal - streams.length;
  return (
    <section class="streams">
      <div class="section-head">
        <h2>Streams</h2>
        <Legend />
      </div>
      {streams.length === 0 && (
        <p class="quiet">{job.endedAt === null ? 'None is planned yet.' : 'None was planned.'}</p>
      )}
      <ul>
        {streams.map((stream) => (
          <Stream key={stream.name} stream={stream} job={job} />
        ))}
      </ul>
      {hidden > 0 && <p class="quiet">{counted(hidden, 'more stream')} not shown.</p>}
    </section>
  );
}

function Stream({ stream, job }: { readonly stream: StreamProgress; readonly job: Job }) {
  const cells = cellsOf(stream, job);
  const look = lookOf(stream, job);
  return (
    <li class="stream">
      <span class={`stream-name look-${look}`}>
        <Icon name={ICONS[look]} />
        <span>{stream.name}</span>
        <span class="unseen">{look}</span>
      </span>
      <span class="quiet stream-records">{recordsText(stream)}</span>
      <span class="cells" role="img" aria-label={cellsText(cells)} title={cellsText(cells)}>
        {cells.map((cell, i) => (
          <i key={i} class={`cell cell-${cell}`} style={fillOf(stream, cells.length)} />
        ))}
      </span>
    </li>
  );
}

/** A stream of a single partition shows in its one cell how far that is. */
function fillOf({ records, estimatedRecords, state }: StreamProgress, cells: number) {
  if (cells !== 1 || !estimatedRecords || state === 'completed') return {};
  return { '--fill': `${Math.min(100, (records / estimatedRecords) * 100)}%` };
}

/** An estimate that turned out too low says nothing any more. */
function recordsText({ records, estimatedRecords, state }: StreamProgress): string {
  if (state === 'completed' || estimatedRecords === null || estimatedRecords < records)
    return counted(records, 'record');
  const share = estimatedRecords === 0 ? '' : `, ${percent((records / estimatedRecords) * 100)}`;
  return `${count(records)} of ${count(estimatedRecords)}${share}`;
}

function Legend() {
  return (
    <span class="legend quiet" aria-hidden="true">
      {(['done', 'running', 'failed', 'waiting'] as const).map((cell) => (
        <span key={cell}>
          <i class={`cell cell-${cell}`} /> {cell}
        </span>
      ))}
    </span>
  );
}
