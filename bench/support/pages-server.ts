// The process behind pages.ts: `fast` and `slow` hold as many records as its argument says, `tenth` a tenth, `empty` none.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { LATENCY_MS, PAGE } from './pages.js';

/** Different pages, so that they compress as real ones do. */
const POOL = 64;

const total = Number(process.argv[2]);
const totals: Readonly<Record<string, number>> = { fast: total, slow: total, tenth: total / 10, empty: 0 };
const pool = Array.from({ length: POOL }, (_, page) => Buffer.from(records(page)));

let times = { first: 0, last: 0 };

const server = createServer((request, response) => {
  if (request.url === '/times') return tellTimes(response);
  times.first ||= Date.now();
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const start = Number(searchParams.get('offset') ?? searchParams.get('cursor') ?? 0);
  void answer(response, pathname.slice(1), start);
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

function tellTimes(response: ServerResponse): void {
  response.end(JSON.stringify(times));
  times = { first: 0, last: 0 };
}

async function answer(response: ServerResponse, stream: string, start: number): Promise<void> {
  if (stream === 'slow') await setTimeout(LATENCY_MS);
  const all = totals[stream]!;
  const data = start < all ? pool[(start / PAGE) % POOL]! : Buffer.alloc(0);
  const next = start + PAGE < all ? `"${start + PAGE}"` : 'null';
  // A record that only this page has, since a source that gives a page again is one that goes in circles.
  const own = data.length > 0 ? `${record(start)},` : '';
  const [head, tail] = [`{"data":[${own}`, `],"next":${next},"total":${all}}`];
  const length = head.length + data.length + tail.length;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  response.cork();
  response.write(head);
  response.write(data);
  response.end(tail);
  response.uncork();
  times.last = Date.now();
}

/** All of a page but its first. About 300 bytes each, as an API would send them. */
function records(page: number): string {
  return Array.from({ length: PAGE - 1 }, (_, place) => record(page * PAGE + place + 1)).join();
}

function record(id: number): string {
  const noise = ((id * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0');
  return JSON.stringify({
    id,
    name: `Person ${noise}`,
    email: `${noise}@example.com`,
    balance: (id % 100_000) / 100,
    created_at: new Date(1_600_000_000_000 + id * 1_000).toISOString(),
    tags: ['alpha', noise.slice(0, 4), 'gamma'],
    address: { street: `${id % 900} Long Road`, city: 'Springfield', zip: noise.slice(0, 5) },
    note: `Called on day ${id % 31}; wants to be called back about order ${noise}.`,
  });
}
