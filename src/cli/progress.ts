// Shows a job as it goes: bars on a terminal, now and then a line elsewhere.
import type { MultiBar, SingleBar } from 'cli-progress';
import type { Job, StreamProgress } from '../core/job.js';
import { percentText, progressText, streamText } from './describe.js';
import type { Io } from './io.js';

export interface View {
  update(job: Job): void;
  /** A line among the progress. */
  note(line: string): void;
  /** Leaves the last picture standing. Harmless when repeated. */
  stop(): void;
}

const LINE_INTERVAL_MS = 5_000;
/** More running streams than this would scroll a small terminal. */
const MAX_STREAM_BARS = 8;

export async function createView(io: Io): Promise<View> {
  if (io.screen === null) return createLineView(io);
  const { default: progress } = await import('cli-progress');
  return createBarView(
    new progress.MultiBar({
      stream: io.screen,
      format: '{label} {bar} {text}',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      emptyOnZero: true,
      hideCursor: true,
      // The library skips bars whose text is the same, although they moved by a line.
      forceRedraw: true,
      // Ctrl-C is the command's to answer.
      gracefulExit: false,
    }),
  );
}

/** At most a line every few seconds, and one at each change of state. */
export function createLineView(io: Pick<Io, 'err' | 'now'>): View {
  let state: string | null = null;
  let printedAt = -Infinity;
  return {
    update(job) {
      const now = io.now();
      if (job.state === state && now - printedAt < LINE_INTERVAL_MS) return;
      state = job.state;
      printedAt = now;
      io.err(`${job.state.padEnd(9)} ${percentText(job.progress)}  ${progressText(job)}`);
    },
    note: (line) => io.err(line),
    stop: () => undefined,
  };
}

function createBarView(bars: MultiBar): View {
  const total = bars.create(100, 0, { label: ''.padEnd(20), text: '' });
  const streams = new Map<string, SingleBar>();
  let stopped = false;
  return {
    update(job) {
      total.update(job.progress.percent ?? 0, {
        label: label(job.state),
        text: `${percentText(job.progress)}  ${progressText(job)}`,
      });
      showStreams(bars, streams, job);
    },
    note: (line) => bars.log(`${line}\n`),
    stop() {
      if (stopped) return;
      stopped = true;
      bars.stop();
    },
  };
}

function showStreams(bars: MultiBar, shown: Map<string, SingleBar>, job: Job): void {
  const running = job.streams.filter((s) => s.state === 'running').slice(0, MAX_STREAM_BARS);
  const names = new Set(running.map((s) => s.name));
  for (const [name, bar] of shown) {
    if (names.has(name)) continue;
    bars.remove(bar);
    shown.delete(name);
  }
  for (const stream of running) showStream(bars, shown, stream);
}

function showStream(bars: MultiBar, shown: Map<string, SingleBar>, stream: StreamProgress): void {
  const payload = { label: label(`  ${stream.name}`), text: streamText(stream) };
  const bar = shown.get(stream.name) ?? bars.create(100, 0, payload);
  shown.set(stream.name, bar);
  bar.update(percentOf(stream), payload);
}

/** By records where the source told how many there are, else by finished partitions. */
function percentOf({ records, estimatedRecords, partitions }: StreamProgress): number {
  const share = estimatedRecords
    ? records / estimatedRecords
    : partitions.done / Math.max(1, partitions.total);
  return Math.min(100, share * 100);
}

function label(text: string): string {
  return text.length > 20 ? `${text.slice(0, 19)}…` : text.padEnd(20);
}
