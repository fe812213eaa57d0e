// What somebody sees while a job goes: lines in a log, bars on a terminal.
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createLineView, createView } from '../../src/cli/progress.js';
import { runCli } from '../../src/cli/program.js';
import type { Job } from '../../src/core/job.js';

test('lines come at each change of state, and at most every five seconds between', () => {
  const lines: string[] = [];
  let now = 0;
  const view = createLineView({ err: (line) => lines.push(line), now: () => now });
  const at = (ms: number, shown: Job) => {
    now = ms;
    view.update(shown);
  };
  at(0, job({ percent: 1 }));
  at(1_000, job({ percent: 2 }));
  at(4_999, job({ percent: 3 }));
  at(5_000, job({ percent: 4 }));
  at(5_001, job({ percent: 5, state: 'waiting', waitingUntil: '2026-01-31T13:00:00.000Z' }));
  expect(lines.map((line) => line.slice(0, 17))).toEqual([
    'running     1.0 %',
    'running     4.0 %',
    'waiting     5.0 %',
  ]);
  expect(lines.at(-1)).toContain('(waiting until 2026-01-31 13:00:00 UTC: quota)');
});

test('a terminal shows the total, a bar for each running stream, and notes above them', async () => {
  const { screen, text } = terminal();
  const view = await createView({
    env: {},
    out: () => undefined,
    err: () => undefined,
    screen,
    now: Date.now,
    onInterrupt: () => () => undefined,
  });
  view.update(job({ percent: 60 }));
  view.note('the API does not answer; trying again');
  await expect.poll(text).toContain('trying again');
  view.stop();
  view.stop();
  expect(text()).toMatch(/running +█{14}░{10} {2}60\.0 % {2}600 of 1,000 records/);
  expect(text()).toMatch(/ {2}contacts +█{6}░{18} 100 of 400 records, partitions 1\/8/);
  expect(text()).toMatch(/ {2}companies +█{12}░{12} 500 records, partitions 4\/8/);
  expect(text()).not.toContain('sleeping');
});

test('errors have colours on a terminal, unless NO_COLOR asks for none, and none elsewhere', async () => {
  const said = async (env: Record<string, string>, isTerminal: boolean): Promise<string> => {
    const lines: string[] = [];
    const { screen } = terminal();
    await runCli(['retry', 'a', '--api', 'nowhere'], {
      env,
      out: () => undefined,
      err: (line) => lines.push(line),
      screen: isTerminal ? screen : null,
      now: Date.now,
      onInterrupt: () => () => undefined,
    });
    return lines.join('\n');
  };
  const plain = await said({}, false);
  const coloured = await said({}, true);
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
  expect(await said({ NO_COLOR: '1' }, true)).toBe(plain);
});

test('the cursor is shown again at the end', async () => {
  const { screen, raw } = terminal();
  const view = await createView({
    env: {},
    out: () => undefined,
    err: () => undefined,
    screen,
    now: Date.now,
    onInterrupt: () => () => undefined,
  });
  view.update(job({ percent: 1 }));
  view.stop();
  expect(raw().lastIndexOf('\x1b[?25h')).toBeGreaterThan(raw().lastIndexOf('\x1b[?25l'));
});

/** A stream that says it is a terminal, and what was written to it. */
function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 140 });
  let written = '';
  stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  return {
    screen: stream as unknown as NodeJS.WriteStream,
    raw: () => written,
    text: () => stripVTControlCharacters(written),
  };
}

function job(over: { percent: number; state?: Job['state']; waitingUntil?: string }): Job {
  return {
    id: 'backup-crm-1',
    kind: 'backup',
    state: over.state ?? 'running',
    source: { connection: 'crm' },
    sink: { connection: 'vault' },
    options: {},
    archive: null,
    createdAt: '2026-01-31T12:00:00.000Z',
    startedAt: '2026-01-31T12:00:01.000Z',
    endedAt: null,
    progress: {
      records: 600,
      bytes: 0,
      pages: 6,
      requests: 6,
      retries: 0,
      rejects: 0,
      estimatedRecords: 1_000,
      percent: over.percent,
      recordsPerSecond: null,
      etaSeconds: null,
      waitingUntil: over.waitingUntil ?? null,
      waitingFor: over.waitingUntil ? 'quota' : null,
    },
    streams: [
      stream('contacts', 100, 400, 1),
      stream('companies', 500, null, 4),
      stream('sleeping', 0, null, 0),
    ],
    streamsTotal: 3,
    lanes: 4,
    requestsPerSecond: null,
    result: null,
    error: null,
    webUi: null,
  };
}

function stream(name: string, records: number, estimatedRecords: number | null, done: number) {
  const state = name === 'sleeping' ? ('queued' as const) : ('running' as const);
  return { name, records, estimatedRecords, state, partitions: { done, running: 1, total: 8 } };
}
