// A `COPY … TO STDOUT` whose rows are read straight off the connection, as a query that `pg` runs.
import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { createFramer, type RowBytes } from './framer.js';
import { SlabSocket } from './slab-socket.js';

/** The connection is left alone while so much waits to be taken. */
const MOST_WAITING_BYTES = 1_048_576;

export interface CopyOut extends Submittable {
  /**
   * What has come since the last call, at least something, whose slabs are the caller's to drop; null: that was all. Rejects
   * with what the server says.
   */
  next(): Promise<readonly RowBytes[] | null>;
  /** How many records the server says it sent; known at the end. */
  records(): number;
}

type Listener = (bytes: Buffer) => void;

/** What `pg` calls of a query, beside what its types tell. */
interface Answers {
  handleCommandComplete(message: { readonly text: string }): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

export function createCopyOut(text: string): CopyOut & Answers {
  const framer = createFramer();
  let waiting: RowBytes[] = [];
  let waitingBytes = 0;
  let records = 0;
  let end: { readonly error: Error | null } | null = null;
  let stream: Duplex | null = null;
  let wake: (() => void) | null = null;
  let waking: NodeJS.Immediate | null = null;

  function take(rows: RowBytes): void {
    if (rows.bytes.length === 0) return;
    rows.slab?.hold();
    waiting.push(rows);
    waitingBytes += rows.bytes.length;
    if (waitingBytes >= MOST_WAITING_BYTES) stream?.pause();
    // Several chunks come in one turn of the event loop: whoever waits is told once.
    waking ??= setImmediate(() => {
      waking = null;
      // They may have been taken by then, and whoever waits now wants others.
      if (waiting.length > 0) wake?.();
    });
  }

  /** `pg` is given the connection back with the first message that it has to know. */
  function readSlabs(connection: SlabSocket): void {
    connection.reader = (read, slab) => {
      const { rest, bytes, ends } = framer.feed(read);
      take({ bytes, ends, slab });
      if (rest !== null) {
        connection.reader = null;
        connection.resume();
        connection.push(Buffer.from(rest));
      }
      return bytes.length;
    };
  }

  /** Likewise, of a connection that is encrypted, whose bytes come in memory of its own. */
  function readFrom(connection: Duplex): void {
    const [parse] = connection.listeners('data') as [Listener];
    const read: Listener = (bytes) => {
      const { rest, ...rows } = framer.feed(bytes);
      take(rows);
      if (rest === null) return;
      connection.off('data', read);
      connection.on('data', parse);
      connection.resume();
      parse(rest);
    };
    connection.on('data', read);
    connection.off('data', parse);
  }

  function finish(error: Error | null): void {
    end ??= { error };
    wake?.();
  }

  return {
    submit(connection: Connection) {
      stream = connection.stream;
      if (stream instanceof SlabSocket) readSlabs(stream);
      else readFrom(stream);
      connection.query(text);
    },
    handleCommandComplete: (message) => void (records = Number(/^COPY (\d+)$/.exec(message.text)?.[1])),
    handleReadyForQuery: () => finish(null),
    handleError: (error) => finish(error),
    records: () => records,
    async next() {
      if (waiting.length === 0 && end === null) await new Promise<void>((resolve) => (wake = resolve));
      if (end?.error) throw end.error;
      if (waiting.length === 0) return null;
      const rows = waiting;
      waiting = [];
      waitingBytes = 0;
      if (end === null) stream?.resume();
      return rows;
    },
  };
}
