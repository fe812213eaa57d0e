// Programs of PyPI, each in a virtual environment of its own.
import path from 'node:path';
import { command, installed, missingTool } from './cache.js';

/** Why nothing of PyPI can run here; null where it can. */
export const pythonMissing = (): Promise<string | null> => missingTool('python3', ['--version']);

/** The folder of the programs that come with a package. */
export async function venvOf(name: string, version: string): Promise<string> {
  const python = await command('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const folder = await installed(`${name}-${version}-python${python.trim()}`, async (draft) => {
    await command('python3', ['-m', 'venv', draft]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await command(path.join(draft, 'bin', 'python'), [...pip, `${name}==${version}`]);
  });
  return path.join(folder, 'bin');
}
