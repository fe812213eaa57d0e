// What a database that refuses to be written means for a job. Its messages can hold records; what is told does not.
import { LonghaulError } from '../../../core/errors.js';
import { asLonghaulError } from '../errors.js';

interface ServerError {
  readonly code?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly where?: string;
  readonly message?: string;
  readonly detail?: string;
}

/** The server refuses a record. What it says of it can hold the record, so it is asked for, and never part of the message. */
export class Refusal extends LonghaulError {
  readonly #told: string;

  constructor(code: 'restore_conflict' | 'record_refused', message: string, told: string = message) {
    super(code, message);
    this.#told = told;
  }

  /** In the server's own words: for a reject, which is kept beside the data. */
  told(): string {
    return this.#told;
  }
}

const READ_ONLY = 'Name the primary server, or give the role and its database leave to write.';
const DISK_FULL = 'Free space on the database server, then retry the job; finished work is kept.';
const CONFLICTS = new Set(['23505', '23P01']);
/** 54000: a value is too long for an index. */
const REFUSED = /^(22|23|P0|54000)/;
const LONGEST_TELLING = 1_000;

/** As `asLonghaulError`, for a session that writes. */
export function asWriteError(error: unknown, where: string): Error {
  const server = error as ServerError;
  const { code = '' } = server;
  const about = `${where}:${place(server)}`;
  if (CONFLICTS.has(code))
    return new Refusal('restore_conflict', `${about} a row is there already (${code})`, toldBy(server));
  if (REFUSED.test(code))
    return new Refusal('record_refused', `${about} ${reason(code)} (${code})`, toldBy(server));
  if (code === '25006')
    return new LonghaulError('sink_unwritable', `${where}: the database takes no writes`, {
      hint: READ_ONLY,
    });
  if (code === '53100')
    return new LonghaulError('disk_full', `${where}: the disk of the database is full`, { hint: DISK_FULL });
  return asLonghaulError(error, where);
}

function toldBy({ message = '', detail }: ServerError): string {
  const told = detail === undefined ? message : `${message}. ${detail}`;
  return told.length > LONGEST_TELLING ? `${told.slice(0, LONGEST_TELLING)}…` : told;
}

function place({ schema, table, column, constraint, where = '' }: ServerError): string {
  // `COPY orders, line 3, column note: "…"`: the value behind the column is a record's.
  const copied = /^COPY ([^,]+), line \d+(?:, column ([^:]+))?/.exec(where);
  const relation = table === undefined ? copied?.[1] : [schema, table].filter(Boolean).join('.');
  const parts = [
    relation === undefined ? '' : ` table ${relation},`,
    (column ?? copied?.[2]) === undefined ? '' : ` column ${column ?? copied?.[2]},`,
    constraint === undefined ? '' : ` constraint ${constraint},`,
  ];
  return parts.join('');
}

const REASONS: Readonly<Record<string, string>> = {
  '22001': 'a value is too long',
  '22003': 'a number is out of range',
  '22P05': 'a text holds a character that the database cannot, as \\u0000',
  '23502': 'a value is missing',
  '23503': 'a row refers to one that is not there',
  '23514': 'a check fails',
  '54000': 'a value is too long for an index',
};

function reason(code: string): string {
  if (code.startsWith('P0')) return 'a trigger or function of the target refuses a record';
  return REASONS[code] ?? (code.startsWith('22') ? 'a value does not fit the type' : 'a constraint fails');
}
