// The calls of schedules.
import type {
  NewSchedule,
  Schedule,
  ScheduleList,
  ScheduleQuery,
  ScheduleSettings,
  Triggered,
} from '../api/schedules/contracts.js';
import { posted, queryOf } from './requests.js';

export type { ListedSchedule } from '../api/schedules/contracts.js';
export type { NewSchedule, Schedule, ScheduleList, ScheduleQuery, ScheduleSettings, Triggered };

/** Every method throws `ApiError`. */
export interface Schedules {
  readonly add: (schedule: NewSchedule) => Promise<Schedule>;
  /** All of them, by name. */
  readonly list: (query?: ScheduleQuery) => Promise<ScheduleList>;
  readonly show: (name: string) => Promise<Schedule>;
  /** The settings take the place of those before. */
  readonly set: (name: string, settings: ScheduleSettings) => Promise<Schedule>;
  readonly pause: (name: string, note?: string) => Promise<Schedule>;
  readonly resume: (name: string) => Promise<Schedule>;
  /** Starts a job now. */
  readonly trigger: (name: string) => Promise<Triggered>;
  /** Its jobs stay. */
  readonly remove: (name: string) => Promise<void>;
}

/** `call` returns the body of an answer; undefined where it has none. */
export function schedulesOver(call: <T>(path: string, init?: RequestInit) => Promise<T>): Schedules {
  const act = <T>(name: string, action: string) => call<T>(at(name, action), { method: 'POST' });
  return {
    add: (schedule) => call('/v1/schedules', posted(schedule)),
    list: (query = {}) => call(`/v1/schedules${queryOf(query)}`),
    show: (name) => call(at(name)),
    set: (name, settings) => call(at(name), { ...posted(settings), method: 'PUT' }),
    pause: (name, note) =>
      note === undefined ? act(name, '/pause') : call(at(name, '/pause'), posted({ note })),
    resume: (name) => act(name, '/resume'),
    trigger: (name) => act(name, '/trigger'),
    remove: (name) => call(at(name), { method: 'DELETE' }),
  };
}

function at(name: string, action = ''): string {
  return `/v1/schedules/${encodeURIComponent(name)}${action}`;
}
