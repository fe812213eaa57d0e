// `longhaul schedules` and the commands within.
import type { Schedule, ScheduleSettings } from '../../client/index.js';
import { SCHEDULE_HEADER, schedulePage, scheduleRow } from '../describe-schedule.js';
import { EXIT } from '../errors.js';
import { table } from '../format.js';
import type { Io } from '../io.js';
import { scheduledSpec } from '../scheduled.js';
import { given } from '../specs.js';
import { waitFor } from '../wait.js';
import { type ClientOptions, connect, print } from './common.js';

export interface ScheduleOptions extends ClientOptions {
  readonly cron?: string;
  readonly timeZone?: string;
  readonly every?: string;
  readonly overlap?: 'skip' | 'queue' | 'parallel';
  readonly catchUp?: string;
  readonly pauseOnFailure?: boolean;
}

export async function schedules(io: Io, options: ClientOptions & { tenant?: string }): Promise<number> {
  const found = await (await connect(io, options)).schedules.list({ tenant: options.tenant });
  print(io, options, found, table(SCHEDULE_HEADER, found.schedules.map(scheduleRow)));
  return EXIT.done;
}

/** `words`: the command whose job it starts. */
export async function add(
  io: Io,
  name: string,
  words: readonly string[],
  options: ScheduleOptions,
): Promise<number> {
  const settings = await settingsOf(io, words, options);
  return shown(io, options, await (await connect(io, options)).schedules.add({ name, ...settings }));
}

export async function set(
  io: Io,
  name: string,
  words: readonly string[],
  options: ScheduleOptions,
): Promise<number> {
  const settings = await settingsOf(io, words, options);
  return shown(io, options, await (await connect(io, options)).schedules.set(name, settings));
}

export async function show(io: Io, name: string, options: ClientOptions): Promise<number> {
  return shown(io, options, await (await connect(io, options)).schedules.show(name));
}

export async function pause(
  io: Io,
  name: string,
  options: ClientOptions & { note?: string },
): Promise<number> {
  return shown(io, options, await (await connect(io, options)).schedules.pause(name, options.note));
}

export async function resume(io: Io, name: string, options: ClientOptions): Promise<number> {
  return shown(io, options, await (await connect(io, options)).schedules.resume(name));
}

export async function trigger(
  io: Io,
  name: string,
  options: ClientOptions & { wait?: boolean },
): Promise<number> {
  const client = await connect(io, options);
  const triggered = await client.schedules.trigger(name);
  if (options.wait && triggered.job !== null) {
    io.err(triggered.job);
    return waitFor(io, client, triggered.job, options);
  }
  print(io, options, triggered, triggered.job === null ? [] : [triggered.job]);
  if (triggered.job === null) io.err(`The job starts after the one before: longhaul schedules show ${name}`);
  return EXIT.done;
}

export async function remove(io: Io, name: string, options: ClientOptions): Promise<number> {
  await (await connect(io, options)).schedules.remove(name);
  print(io, options, { name, removed: true }, [`${name} removed`]);
  return EXIT.done;
}

function shown(io: Io, options: ClientOptions, schedule: Schedule): number {
  print(io, options, schedule, schedulePage(schedule));
  return EXIT.done;
}

async function settingsOf(
  io: Io,
  words: readonly string[],
  options: ScheduleOptions,
): Promise<ScheduleSettings> {
  const { cron, timeZone, every, overlap, catchUp, pauseOnFailure } = options;
  const job = await scheduledSpec(io, words, options);
  return { ...given({ cron, timeZone, every, overlap, catchUp, pauseOnFailure }), job };
}
