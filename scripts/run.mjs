// What the npm commands run: gets the checkout ready, then runs the command. Needs nothing installed.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, ensureBuilt, ensureInstalled, requireNode, root } from './ensure.mjs';
import { check, test } from './checks.mjs';
import { endWithNpm } from './parent.mjs';

const commands = {
  build: () => ensureBuilt(),
  dev: (args) => runModule('dist/src/cli/main.js', ['dev', ...args]),
  demo: (args) => runModule('dist/examples/demo/main.js', args),
  bench: (args) => runBeside('bench', args),
  chaos: (args) => runBeside('chaos', args),
  test,
  check,
};

requireNode();
const [name, ...args] = process.argv.slice(2);
try {
  if (!Object.hasOwn(commands, name))
    throw new Error(`usage: run.mjs ${Object.keys(commands).join('|')} [args]`);
  await commands[name](args);
} catch (error) {
  process.stderr.write(`longhaul: ${error.message}\n`);
  process.exitCode = 1;
}

/** Benchmarks and chaos use the servers of the tests, which the build of the product does not hold: so they are built apart. */
async function runBeside(folder, args) {
  await ensureInstalled();
  compile(folder);
  await runModule(`node_modules/.cache/longhaul-${folder}/${folder}/main.js`, args);
}

/** In this process, so that signals and the terminal reach it directly. */
async function runModule(path, args) {
  await ensureBuilt();
  endWithNpm();
  const file = join(root, path);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}
