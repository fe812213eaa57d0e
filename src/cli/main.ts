// The `longhaul` process: hands its streams, environment and signals to the command line.
import type { Io } from './io.js';
import { runCli } from './program.js';

const io: Io = {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  screen: process.stderr.isTTY ? process.stderr : null,
  now: Date.now,
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
};

// `longhaul jobs | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), io);
// A launcher's channel would keep a service alive that has done its last work.
if (process.connected) process.disconnect();
