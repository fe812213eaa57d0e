// What REST APIs do wrong: for good, each with the error that a job must end with; or once, to be asked again and forgotten.
import type { ErrorCode } from '../../src/core/errors.js';
import type { Fault } from './fake-faults.js';

type Strikes = (fault: Fault) => Fault;

export interface Trouble {
  /** Names a stream to have it. */
  readonly stream: string;
  /** Goes on from "a source that …". */
  readonly does: string;
  readonly code: ErrorCode;
  readonly strikes: Strikes;
}

const trouble = (stream: string, does: string, code: ErrorCode, strikes: Strikes): Trouble => ({
  stream,
  does,
  code,
  strikes,
});

/** Where a circle leads back to: the third page of five records. */
const EARLIER = '"c10"';

export const LASTING: readonly Trouble[] = [
  trouble('html', 'answers HTML with status 200', 'response_not_json', (f) => f.html()),
  trouble('cut', 'answers truncated JSON', 'response_invalid', (f) => f.body('{"data":[{"id":')),
  trouble('invalid', 'answers invalid JSON', 'response_invalid', (f) => f.invalidJson()),
  trouble('elsewhere', 'has no records at the path', 'records_missing', (f) => f.missingRecords()),
  trouble('repeated', 'repeats its own cursor', 'cursor_repeated', (f) => f.repeatCursor()),
  trouble('circle', 'goes in a circle', 'cursor_repeated', (f) => f.members({ next: EARLIER })),
  trouble('expired', 'takes the token no more', 'unauthorized', (f) => f.status(401)),
  trouble('forbidden', 'forbids the stream', 'source_forbidden', (f) => f.status(403)),
  trouble('removed', 'knows the path no more', 'source_not_found', (f) => f.status(404)),
  trouble('refused', 'refuses the request', 'source_refused', (f) => f.status(400)),
];

export const PASSING: readonly Strikes[] = [
  (f) => f.html(),
  (f) => f.truncate(),
  (f) => f.truncate('chunked'),
  (f) => f.invalidJson(),
  (f) => f.missingRecords(),
  (f) => f.status(500),
  (f) => f.status(503),
  (f) => f.reset(),
];
