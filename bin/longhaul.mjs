#!/usr/bin/env node
// The `longhaul` command: builds the checkout if it changed, then hands over to the command line in dist/.
import { ensureBuilt, requireNode } from '../scripts/ensure.mjs';
import { endWithNpm } from '../scripts/parent.mjs';

requireNode();
try {
  // Set by a launcher that was built before it started its children.
  if (!process.env.LONGHAUL_BUILT) await ensureBuilt();
} catch (error) {
  process.stderr.write(`longhaul: ${error.message}\n`);
  process.exit(1);
}
endWithNpm();
await import('../dist/src/cli/main.js');
