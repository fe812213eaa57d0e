// What the launcher says once everything answers: a few lines for people, or one of JSON.
import type { DevNote } from './data-folder.js';

export interface ReadyFacts extends Pick<DevNote, 'api' | 'webUi' | 'temporal' | 'pids'> {
  readonly sampleApi: string | null;
  readonly dataDir: string;
}

export function readyLine({ api, webUi, temporal, pids }: ReadyFacts): string {
  return JSON.stringify({ event: 'ready', api, webUi, temporal, pids });
}

export function banner({ api, webUi, temporal, pids, sampleApi, dataDir }: ReadyFacts): string {
  const rows = [
    ['Dashboard', `${api}/`],
    ['API', `${api}  (its document: ${api}/openapi.json)`],
    ['Temporal', `${temporal}  (Web UI: ${webUi})`],
    [
      'Workers',
      pids.workers.length === 0 ? 'none; start one with: npx longhaul worker' : `${pids.workers.length}`,
    ],
    ...(sampleApi === null ? [] : [['Sample API', sampleApi]]),
    ['Data, logs', dataDir],
  ];
  const lines = rows.map(([name, value]) => `  ${name?.padEnd(11)} ${value}`);
  const example =
    sampleApi === null ? [] : ['', 'Try, in another terminal: npx longhaul backup sample --to vault --wait'];
  return ['Longhaul runs. Ctrl-C stops it.', '', ...lines, ...example].join('\n');
}
