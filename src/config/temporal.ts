// Where Temporal is, as its own tools are told: a profile file and TEMPORAL_* variables; without any, the dev server.
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { LonghaulError } from '../core/errors.js';

const DEV_SERVER = 'localhost:7233';

export interface TemporalTarget {
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
  readonly namespace: string;
  /** For people: `profile default, localhost:7233, namespace default`. A missing profile file is silent, so this is told at start. */
  readonly description: string;
}

/** Throws `config_invalid` for a profile that does not exist or a file that cannot be read. */
export function temporalTarget(env: Readonly<Record<string, string | undefined>>): TemporalTarget {
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    const address = connectionOptions.address ?? DEV_SERVER;
    const profile = env['TEMPORAL_PROFILE'] ?? 'default';
    return {
      connectionOptions: { ...connectionOptions, address },
      namespace,
      description: `profile ${profile}, ${address}, namespace ${namespace}`,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LonghaulError('config_invalid', `Cannot tell where Temporal is: ${reason}`, {
      hint: 'Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and TEMPORAL_ADDRESS; an empty config file is not allowed.',
      cause,
    });
  }
}
