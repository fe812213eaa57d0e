// A real browser for tests of the dashboard: Chromium where it is installed, with everything watched that must not happen.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** undefined: there is none. */
export const CHROMIUM = process.env['CHROMIUM_PATH'] ?? PLACES.find((path) => existsSync(path));
/** For the title of what is skipped without it. */
export const NO_CHROMIUM = CHROMIUM
  ? ''
  : ' (skipped: needs Chromium; `apt-get install chromium`, or set CHROMIUM_PATH)';

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
}

export interface Visit {
  readonly page: Page;
  /** Errors in the console, violations of the policy, requests to anywhere else: there may be none. */
  readonly faults: readonly string[];
}

export interface VisitOptions {
  /** CSS pixels. Default 1280. */
  readonly width?: number;
  /** Of the reader. Default: en-GB, and the zone of this machine. */
  readonly locale?: string;
  readonly timezoneId?: string;
}

export async function visit(browser: Browser, origin: string, options: VisitOptions = {}): Promise<Visit> {
  const viewport = { width: options.width ?? 1280, height: 860 };
  const { locale = 'en-GB', timezoneId } = options;
  const reader = { locale, ...(timezoneId !== undefined && { timezoneId }) };
  const context = await browser.newContext({ viewport, ...reader, acceptDownloads: true });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isRefusal(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request elsewhere: ${request.url()}`);
  });
  await page.goto(origin);
  return { page, faults };
}

/** What the browser says by itself of an answer that refuses something: the page shows that. */
function isRefusal(text: string): boolean {
  return /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** The serious and critical findings of axe on the page as it is. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    );
}

/** How much of the page moved while it loaded, as the browser adds it up. */
export async function layoutShift(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0)))
      .observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(0), 100));
  })`);
}

/** Bytes that came over the wire for whatever `load` loads: headers and bodies, as they were compressed. */
export async function transferred(page: Page, load: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await load();
  await session.detach();
  return bytes;
}
