// A service of the launcher, with real processes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from '../../src/dev/child.js';
import type { Child } from '../../src/dev/child.js';
import { createService } from '../../src/dev/service.js';
import type { Service } from '../../src/dev/service.js';
import { alive, kill } from '../support/processes.js';
import { until } from '../support/until.js';

let said: string[];
let spawned: number[];
let service: Service;
beforeEach(() => {
  said = [];
  spawned = [];
});
afterEach(() => service.stop(0));

function serve(script: string, ready: (child: Child) => Promise<void> = async () => {}): Service {
  return createService({
    name: 'thing',
    say: (line) => void said.push(line),
    onSpawn: async (child) => void spawned.push(child.pid),
    start: async (onSpawn) => {
      const child = await startChild({
        name: 'thing',
        command: process.execPath,
        args: ['-e', script],
        env: process.env,
        ipc: true,
        output: () => {},
      });
      await onSpawn(child);
      await ready(child);
      return child;
    },
  });
}

const ENDLESS = `setInterval(() => {}, 1000); process.send({ event: 'ready' });`;

describe('a service', () => {
  it('starts its process again after it was killed, and says so', async () => {
    service = serve(ENDLESS, (child) => child.saidReady);
    await service.begin();
    const first = service.pid();
    await kill(first ?? -1);
    await until('another process', () => said.some((line) => line.includes('runs again')));
    expect(service.pid()).not.toBe(first);
    expect(spawned).toEqual([first, service.pid()]);
    expect(said[0]).toBe('thing ended by SIGKILL; starting it again in 0.5 s');
  });

  it('waits twice as long each time when the process keeps ending', async () => {
    service = serve('process.exit(7)');
    await service.begin();
    await until('three ends', () => said.filter((line) => line.includes('exit code 7')).length === 3);
    const pauses = said.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []);
    expect(pauses.slice(0, 3)).toEqual(['0.5', '1', '2']);
  });

  it('does not start again once it was stopped', async () => {
    service = serve(ENDLESS, (child) => child.saidReady);
    await service.begin();
    await service.stop(5_000);
    expect(await alive(spawned[0] ?? -1)).toBe(false);
    expect(spawned).toHaveLength(1);
    expect(said).toEqual([]);
  });

  it('kills a process that does not end when it is asked to', async () => {
    service = serve(`process.on('SIGTERM', () => {}); ${ENDLESS}`, (child) => child.saidReady);
    await service.begin();
    await service.stop(100);
    expect(await alive(spawned[0] ?? -1)).toBe(false);
  });

  it('can be stopped while it waits to start again', async () => {
    service = serve('process.exit(7)');
    await service.begin();
    await until('the first end', () => said.length > 0);
    await service.stop(0);
    expect(spawned).toHaveLength(1);
  });
});
