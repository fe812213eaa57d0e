// Options that several commands share, and how their values are read.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { JOB_STATES } from '../core/job.js';
import { SAMPLE, SAMPLE_ALLOWED } from '../core/sample.js';
import { DEFAULT_DATA_DIR } from './address.js';

/** For every command that talks to the API. */
export function withClient(command: Command): Command {
  return command
    .option(
      '--api <url>',
      'address of the API (default: LONGHAUL_API, or that of the running `longhaul dev`)',
    )
    .option('--data-dir <dir>', `data folder of \`longhaul dev\` (default: ${DEFAULT_DATA_DIR})`)
    .option('--json', 'print JSON instead of text');
}

/** For every command that starts a job. */
export function withStart(command: Command): Command {
  return withClient(command)
    .option('--lanes <n>', 'partitions worked on at a time', whole(1, 64))
    .option('--tenant <name>', 'whom the job is for')
    .option('--idempotency-key <key>', 'a repeated start with this key gives the same job');
}

export function withWait(command: Command): Command {
  return command.option('--wait', 'stay until the job ends, showing progress');
}

/** For every command whose job moves records. */
export function withCheckpoint(command: Command): Command {
  return command
    .option('--checkpoint-seconds <n>', 'longest time between checkpoints', seconds)
    .option('--checkpoint-bytes <n>', 'most bytes between checkpoints', whole(1, 268_435_456))
    .option('--checkpoint-pages <n>', 'most pages between checkpoints', whole(1));
}

export function withStreams(command: Command): Command {
  return command.option('--stream <name>', 'only this stream; may be given several times', several);
}

/** For every command whose job can set records aside. */
export function withRejects(command: Command): Command {
  return command.option(
    '--rejects-max <n>',
    'most records that may be set aside (default: 0)',
    whole(0, 1_000_000),
  );
}

/** For every command that shows a list in pages, of at most so many. */
export function withPages(command: Command, things: string, most: number): Command {
  return command
    .option('--limit <n>', `${things} a page`, whole(1, most))
    .option('--cursor <cursor>', 'where the next page begins');
}

export const skipDamagedOption = () =>
  new Option('--skip-damaged', 'pass over segments of the archive that are damaged, and report them');

export const formatOption = () =>
  new Option('--format <name>', 'of the files').choices(['jsonl', 'csv', 'parquet']).makeOptionMandatory();

export const configOption = () =>
  new Option('--config <file>', 'config file').env('LONGHAUL_CONFIG').default('longhaul.config.yml');

/** Of a worker. */
export const metricsPortOption = () =>
  new Option('--metrics-port <n>', 'where metrics are answered on this machine; 0: a free one')
    .env('LONGHAUL_METRICS_PORT')
    .argParser(port)
    .default(0);

export const temporalMetricsPortOption = () =>
  new Option('--temporal-metrics-port <n>', "where Temporal's SDK answers with metrics of its own")
    .env('LONGHAUL_TEMPORAL_METRICS_PORT')
    .argParser(whole(1, 65_535));

export const compressionOption = (of: string) =>
  new Option('--compression <name>', `of the ${of}`).choices(['zstd', 'gzip', 'none']);

export const stateOption = () =>
  new Option('--state <state>', 'only jobs in this state').choices([...JOB_STATES]);

export const kindOption = () =>
  new Option('--kind <kind>', 'only jobs of this kind').choices([
    'backup',
    'copy',
    'export',
    'restore',
    'verify',
  ]);

export const modeOption = () =>
  new Option(
    '--mode <mode>',
    'what a record does whose key is there already: be refused, or take the place of the other',
  ).choices(['insert', 'upsert']);

/** Of an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A whole number within bounds. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number ${bounds(min, max)}.`);
  };
}

/** Of an archive, in percent. */
export function sample(text: string): string {
  if (SAMPLE.test(text)) return text;
  throw new InvalidArgumentError(`Expected ${SAMPLE_ALLOWED}.`);
}

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 600) return value;
  throw new InvalidArgumentError('Expected seconds, more than 0 and at most 600.');
}

/** `none`: no bound of the job's own. */
export function requestRate(text: string): number | 'none' {
  if (text === 'none') return text;
  const value = Number(text);
  if (text.trim() !== '' && value >= 0.01 && value <= 10_000) return value;
  throw new InvalidArgumentError('Expected requests a second, from 0.01 to 10000, or none.');
}

export const port = whole(0, 65_535);

function bounds(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
}
