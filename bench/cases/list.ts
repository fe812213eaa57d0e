// What a page of the list of jobs costs while Temporal remembers ten thousand of them.
import { startLonghaul, type LonghaulInstance } from '../../test/support/harness.js';
import { CHROMIUM, openBrowser, visit } from '../../test/support/browser.js';
import { until } from '../../test/support/until.js';
import type { Scale } from '../support/stage.js';
import { median, millis, type Table } from '../support/tables.js';

const JOBS = 10_000;
const STARTED_AT_ONCE = 8;
/** Asked for each page, a round. */
const ASKED = 20;
const LIMIT_MS = 300;
/** Each in a browser that has seen nothing of it before. */
const VIEWS = 5;

const PAGES = {
  'newest 25': '?limit=25',
  'newest 200': '?limit=200',
  'newest 25 of a tenant': '?limit=25&tenant=t-7',
  'newest 25, none of which is like that': '?limit=25&state=failed',
} as const;

/** No worker runs: what is listed is what Temporal holds. */
export async function list({ rounds }: Scale): Promise<Table[]> {
  const longhaul = await startLonghaul({ connections: {}, workers: 0 });
  try {
    await fill(longhaul);
    const rows: string[][] = [];
    for (const [name, query] of Object.entries(PAGES)) {
      rows.push(row(name, await timesOf(longhaul, query, rounds * ASKED)));
    }
    if (CHROMIUM) rows.push(row("the dashboard's first view, up to its rows", await viewsOf(longhaul)));
    return [{ title: `A page of the list of ${JOBS} jobs`, columns: ['page', 'median', 'longest'], rows }];
  } finally {
    await longhaul.stop();
  }
}

async function fill({ call, post }: LonghaulInstance): Promise<void> {
  let next = 0;
  const starter = async (): Promise<void> => {
    for (let n = next++; n < JOBS; n = next++) {
      const source = { connection: 'vault', archive: `a-${n}` };
      await post({ kind: 'verify', source, options: { tenant: `t-${n % 50}` } });
    }
  };
  await Promise.all(Array.from({ length: STARTED_AT_ONCE }, starter));
  await until('the last are listed', async () => {
    const { body } = await call<string>('GET', '/metrics');
    return body.includes(`longhaul_jobs{kind="verify",state="queued"} ${JOBS}\n`);
  });
}

async function timesOf({ call }: LonghaulInstance, query: string, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    await call('GET', `/v1/jobs${query}`);
    taken.push(performance.now() - began);
  }
  if (median(taken) > LIMIT_MS) throw new Error(`the list took ${median(taken)} ms; at most ${LIMIT_MS}`);
  return taken;
}

async function viewsOf({ api }: LonghaulInstance): Promise<number[]> {
  const browser = await openBrowser();
  const taken: number[] = [];
  for (let n = 0; n < VIEWS; n++) {
    const began = performance.now();
    const { page } = await visit(browser, api);
    await page.getByRole('rowheader').nth(24).waitFor();
    taken.push(performance.now() - began);
    await page.context().close();
  }
  await browser.close();
  return taken;
}

function row(name: string, taken: readonly number[]): string[] {
  return [name, millis(median(taken)), millis(Math.max(...taken))];
}
