// Builds of Longhaul that are not this one, to deploy in place of it: copies of dist/ with other workflow code in them.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { packageRoot } from '../../src/dev/root.js';

export interface NextBuild {
  /** The `longhaul` command of that build. */
  readonly bin: string;
  dispose(): Promise<void>;
}

/** `workflows`: a module of workflows, as seen from here. */
export async function buildNext(workflows: string): Promise<NextBuild> {
  const root = await mkdtemp(path.join(tmpdir(), 'longhaul-next-'));
  const here = packageRoot();
  for (const part of ['dist', 'package.json', 'temporal-dev.yml']) {
    await cp(path.join(here, part), path.join(root, part), { recursive: true });
  }
  await symlink(path.join(here, 'node_modules'), path.join(root, 'node_modules'));
  const bundle = path.join(root, 'dist', 'workflow-bundle.js');
  const code = await bundleOf(workflows);
  if (code === (await readFile(bundle, 'utf8'))) throw new Error(`${workflows} is what is built already`);
  await writeFile(bundle, code);
  return {
    bin: path.join(root, 'dist', 'src', 'cli', 'main.js'),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

async function bundleOf(workflows: string): Promise<string> {
  const workflowsPath = fileURLToPath(new URL(workflows, import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  return code;
}
