// `longhaul setup`: registers the search attributes of temporal-dev.yml where the environment says Temporal is.
import { Connection } from '@temporalio/client';
import { temporalTarget, type TemporalTarget } from '../../config/temporal.js';
import { LonghaulError } from '../../core/errors.js';
import { loadDeclaration } from '../../dev/declaration.js';
import { ensureSearchAttributes } from '../../dev/registration.js';
import { EXIT } from '../errors.js';
import type { Io } from '../io.js';
import { print } from './common.js';

export async function setup(io: Io, options: { readonly json?: boolean }): Promise<number> {
  const target = temporalTarget(io.env);
  const { searchAttributes } = await loadDeclaration();
  const connection = await connect(target);
  try {
    const added = await ensureSearchAttributes(connection, target.namespace, searchAttributes);
    const there = Object.keys(searchAttributes).filter((name) => !added.includes(name));
    print(io, options, { temporal: target.description, added, there }, [
      `${target.description}: added ${list(added)}; there already: ${list(there)}`,
    ]);
    return EXIT.done;
  } finally {
    await connection.close();
  }
}

async function connect(target: TemporalTarget): Promise<Connection> {
  try {
    return await Connection.connect(target.connectionOptions);
  } catch (cause) {
    throw new LonghaulError('temporal_unreachable', `Temporal does not answer at ${target.description}`, {
      cause,
    });
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
