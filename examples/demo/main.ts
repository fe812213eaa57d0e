// `npm run demo`: sets the stage, tells the story, cleans up whatever happens.
import { Command } from 'commander';
import { once } from 'node:events';
import type { Io } from '../../src/cli/io.js';
import { paint } from '../../src/cli/io.js';
import { whole } from '../../src/cli/options.js';
import { setStage, type Stage } from './stage.js';
import { tellStory } from './story.js';

interface DemoOptions {
  readonly records: number;
  readonly stay?: boolean;
}

const io: Io = {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stdout.write(`${line}\n`),
  screen: process.stdout.isTTY ? process.stdout : null,
  now: Date.now,
  onInterrupt: () => () => undefined,
};

const command = new Command('demo')
  .description('back up a failing API through a killed worker, and prove the archive')
  .option('--records <n>', 'how many records the sample API holds', whole(40_000), 250_000)
  .option('--stay', 'leave everything running until Ctrl-C')
  .action(async (options: DemoOptions) => {
    process.exitCode = await demo(options);
  });
await command.parseAsync();

async function demo(options: DemoOptions): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  const stage = await setStage(interrupted.signal);
  let keepFolder = false;
  try {
    await perform(stage, options, interrupted.signal);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    keepFolder = true;
    tellFailure(stage, error);
    return 1;
  } finally {
    io.err('Stopping everything …');
    await stage.strike({ keepFolder });
  }
}

async function perform(stage: Stage, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { longhaul, sampleUrl } = await tellStory({ io, stage, records: options.records, signal });
  io.err('');
  io.err(paint(io, 'green', 'All of it holds.'));
  if (!options.stay)
    return io.err('The archive goes with the demo; `npm run demo -- --stay` keeps everything to look at.');
  io.err(
    `Everything stays until Ctrl-C: ${longhaul.api} (API), ${longhaul.webUi} (Temporal), ${sampleUrl} (sample API)`,
  );
  io.err(`Try: npx longhaul jobs --data-dir ${stage.dataDir}`);
  if (!signal.aborted) await once(signal, 'abort');
}

function tellFailure(stage: Stage, error: unknown): void {
  io.err('');
  io.err(`${paint(io, 'red', 'The demo failed:')} ${error instanceof Error ? error.message : String(error)}`);
  io.err(`Logs: ${stage.logs.join(', ')}, ${stage.dataDir}`);
}
