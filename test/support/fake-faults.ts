// The faults that test/support/fake-api.ts can be told to have. One fault strikes chosen requests, a counted number of times.
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** A request on its way, and the right answer to it. */
export interface Exchange {
  readonly stream: string;
  /** Index of the first record asked for. */
  readonly start: number;
  readonly response: ServerResponse;
  /** The right body. */
  readonly text: string;
  /** The right body with members replaced; `undefined` leaves one out. */
  with(members: Readonly<Record<string, string | undefined>>): string;
  /** The URL asked for, and the cursor in it as JSON. */
  readonly url: string;
  readonly cursor: string;
  /** Answers rightly. */
  answer(): void;
  readonly firstPage: () => string;
  readonly expireTokens: () => void;
}

type Effect = (exchange: Exchange) => void | Promise<void>;
const JSON_TYPE = { 'content-type': 'application/json' };

/** Say which requests (`after`, `at`), what happens to them (`status`, `html`, …) and how often (`times`, `always`). */
export class Fault {
  name = 'nothing';
  fired = 0;
  private passing = 0;
  private start: number | null = null;
  private left = 1;
  private effect: Effect = (exchange) => exchange.answer();

  constructor(readonly stream: string) {}

  /** Lets so many matching requests pass first, counted from now. */
  after(requests: number): this {
    this.passing = requests;
    return this;
  }
  /** Strikes only requests for the page that begins with this record. */
  at(start: number): this {
    this.start = start;
    return this;
  }
  times(count: number): this {
    this.left = count;
    return this;
  }
  always(): this {
    return this.times(Infinity);
  }

  status(code: number, headers: Readonly<Record<string, string>> = {}): this {
    return this.does(`status ${code}`, ({ response }) => {
      response.writeHead(code, { ...JSON_TYPE, ...headers }).end('{"error":"as scripted"}');
    });
  }
  /** 429; `retryAfter` in seconds or as an HTTP date, null for none. */
  throttle(retryAfter: number | string | null = 1): this {
    return this.status(429, retryAfter === null ? {} : { 'retry-after': String(retryAfter) });
  }
  html(code = 200): this {
    return this.does('html', ({ response }) => {
      response.writeHead(code, { 'content-type': 'text/html' }).end('<html>please log in</html>');
    });
  }
  /** Half of the right body, then the connection ends; the length was announced, or the body is chunked. */
  truncate(framing: 'length' | 'chunked' = 'length'): this {
    return this.does('truncate', ({ response, text }) => {
      const length = { 'content-length': String(Buffer.byteLength(text)) };
      response.writeHead(200, framing === 'length' ? { ...JSON_TYPE, ...length } : JSON_TYPE);
      response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    });
  }
  invalidJson(): this {
    return this.body('{"data":[{"id":1},]}');
  }
  /** The right records, and a `next` that leads to the same page again. */
  repeatCursor(): this {
    return this.does('repeat cursor', (exchange) => {
      const body = exchange.with({ next: exchange.cursor, next_url: JSON.stringify(exchange.url) });
      const headers = {
        link: `<${exchange.url}>; rel="next"`,
        'x-next-cursor': JSON.parse(exchange.cursor) as string,
      };
      exchange.response.writeHead(200, { ...JSON_TYPE, ...headers }).end(body);
    });
  }
  /** The first page, whatever was asked for. */
  ignorePlace(): this {
    return this.does('ignore place', (exchange) => {
      exchange.response.writeHead(200, JSON_TYPE).end(exchange.firstPage());
    });
  }
  missingRecords(): this {
    return this.does('missing records', (exchange) => {
      exchange.response.writeHead(200, JSON_TYPE).end(exchange.with({ data: undefined }));
    });
  }
  /** The right body under these headers instead of the right ones. */
  headers(headers: Readonly<Record<string, string>>): this {
    return this.does('other headers', ({ response, text }) => {
      response.writeHead(200, { ...JSON_TYPE, ...headers }).end(text);
    });
  }
  /** The right body with members replaced by these JSON texts. */
  members(members: Readonly<Record<string, string>>): this {
    return this.does('other members', (exchange) => {
      exchange.response.writeHead(200, JSON_TYPE).end(exchange.with(members));
    });
  }
  body(text: string | Uint8Array, headers: Readonly<Record<string, string>> = JSON_TYPE): this {
    return this.does('other body', ({ response }) => void response.writeHead(200, headers).end(text));
  }
  /** The right answer, late. */
  slow(ms: number): this {
    return this.does('slow', async (exchange) => {
      await setTimeout(ms);
      exchange.answer();
    });
  }
  /** No answer at all; with `headers`, half of the body and then silence. */
  hang(where: 'before' | 'inside' = 'before'): this {
    return this.does('hang', ({ response, text }) => {
      if (where === 'inside') response.writeHead(200, JSON_TYPE).write(text.slice(0, text.length / 2));
    });
  }
  /** RST instead of an answer. */
  reset(): this {
    return this.does('reset', ({ response }) => void response.socket?.resetAndDestroy());
  }
  redirect(location: string): this {
    return this.does('redirect', ({ response }) => void response.writeHead(302, { location }).end());
  }
  /** 401, and every token given out so far is worth nothing. */
  expireToken(): this {
    return this.does('expired token', (exchange) => {
      exchange.expireTokens();
      exchange.response.writeHead(401, JSON_TYPE).end('{}');
    });
  }

  /** Takes the request if it is meant: the caller then leaves it to `strike`. */
  takes({ stream, start }: Pick<Exchange, 'stream' | 'start'>): boolean {
    const meant = stream === this.stream && (this.start === null || this.start === start) && this.left > 0;
    if (!meant || this.passing-- > 0) return false;
    this.left -= 1;
    this.fired += 1;
    return true;
  }
  async strike(exchange: Exchange): Promise<void> {
    await this.effect(exchange);
  }
  /** What it still had to do; null if it did all. */
  unfinished(): string | null {
    const done = this.left === 0 || (this.left === Infinity && this.fired > 0);
    return done ? null : `${this.stream}: ${this.name}, fired ${this.fired} times, ${this.left} left`;
  }

  private does(name: string, effect: Effect): this {
    this.name = name;
    this.effect = effect;
    return this;
  }
}
