// One Temporal server in memory for the whole run, as temporal-dev.yml declares it, on a free port.
// A test takes a namespace of its own on it: test/support/temporal.ts.
import type { TestProject } from 'vitest/node';
import { loadDeclaration } from '../../src/dev/declaration.js';
import { freePort } from '../../src/dev/ports.js';
import { findTemporalCli } from '../../src/dev/temporal-cli/find.js';
import { startTemporal } from '../../src/dev/temporal-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port */
    temporalAddress: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const declaration = await loadDeclaration();
  const cli = await findTemporalCli({ version: declaration.cliVersion, env: process.env, say });
  const port = await freePort(declaration.host);
  const server = await startTemporal({
    cli,
    declaration,
    port,
    uiPort: null,
    database: null,
    env: process.env,
    output: () => {},
  });
  project.provide('temporalAddress', `${declaration.host}:${port}`);
  return () => server.stop(5_000);
}

function say(line: string): void {
  process.stderr.write(`temporal for tests: ${line}\n`);
}
