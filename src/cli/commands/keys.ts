// `longhaul keys add`: makes a key of the API, shows it once, and puts its hash into the config.
import { addKey, entryOf } from '../../config/add-key.js';
import { hashOfKey, keySchema, newKey, type KeyConfig } from '../../config/keys.js';
import { loadConfig } from '../../config/load.js';
import { check } from '../../core/faults.js';
import type { KeyRole } from '../../core/key-roles.js';
import { EXIT, usageError } from '../errors.js';
import type { Io } from '../io.js';

export interface KeyOptions {
  readonly config: string;
  readonly role: KeyRole;
  readonly tenant?: string;
  readonly json?: boolean;
}

/** The key alone goes to standard output. */
export async function add(io: Io, name: string, options: KeyOptions): Promise<number> {
  const { config, role, tenant } = options;
  const key = newKey();
  const entry = entryFor({ name, role, ...(tenant !== undefined && { tenant }), hash: hashOfKey(key) });
  await assertNew(config, name, io);
  const written = await addKey(config, entry);
  io.out(options.json ? JSON.stringify({ ...entry, key, written }) : key);
  io.err('This is the key. It is shown this once; only its hash is kept.');
  if (written) io.err(`${config} has it now. Start the API again, so that it is let in.`);
  else io.err(`Add its hash to \`keys\` in ${config}, and start the API again:\n  - ${entryOf(entry)}`);
  return EXIT.done;
}

function entryFor(entry: KeyConfig): KeyConfig {
  const checked = check(keySchema, entry);
  if (checked.ok) return checked.value;
  const [fault] = checked.faults;
  throw usageError(
    `${fault?.path.join('.')}: ${fault?.message}`,
    '`longhaul keys add --help` shows what there is.',
  );
}

async function assertNew(config: string, name: string, { env }: Io): Promise<void> {
  const { keys = [] } = await loadConfig(config, { secrets: 'leave', env });
  if (!keys.some((key) => key.name === name)) return;
  throw usageError(
    `${config} has a key named ${name} already`,
    'Choose another name, or take that one out first.',
  );
}
