// The ports of a local Longhaul: asked for or free, and never one that somebody else listens on.
import type { TemporalDeclaration } from './declaration.js';
import { claimPort } from './ports.js';
import type { Addresses } from './services.js';

export interface WantedPorts {
  readonly port: number;
  readonly temporalPort?: number;
  readonly uiPort?: number;
}

/** 0 takes a free port. @throws LonghaulError `port_taken` */
export async function claimAddresses(wanted: WantedPorts, declared: TemporalDeclaration): Promise<Addresses> {
  const { host, namespace } = declared;
  const claim = (port: number, who: string, flag: string): Promise<number> =>
    claimPort({ host, port, who, choose: `${flag} N (0 takes a free one)` });
  return {
    host,
    namespace,
    apiPort: await claim(wanted.port, 'the API', '--port'),
    temporalPort: await claim(wanted.temporalPort ?? declared.port, 'Temporal', '--temporal-port'),
    uiPort: await claim(wanted.uiPort ?? declared.uiPort, "Temporal's Web UI", '--ui-port'),
  };
}

/** The config's own: a connection names it, so no other can be taken in its place. @throws LonghaulError `port_taken` */
export async function claimSamplePort(host: string, port: number): Promise<number> {
  const choose = 'dev.sampleApi.port in the config, and baseUrl of the connection that reads it';
  return claimPort({ host, port, who: 'the sample API', choose });
}
