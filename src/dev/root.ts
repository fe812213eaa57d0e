// Where the checkout is, whether this code runs from src/ or from dist/src/.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder upwards that holds the declaration of the development server. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'temporal-dev.yml'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('temporal-dev.yml is missing from the checkout');
    folder = parent;
  }
  return folder;
}
