// The dashboard of an API that has keys, in a real browser: who is let in, what they are offered, and how they leave.
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadDashboard } from '../../src/api/dashboard.js';
import { serve, type Serving } from '../../src/api/server.js';
import type { Job } from '../../src/core/job.js';
import { packageRoot } from '../../src/dev/root.js';
import { BACKUP, openApi, type TestApi } from '../api/fixture.js';
import { as, keyedApi, KEYS, type Keyed } from '../api/keyed.js';
import {
  CHROMIUM,
  NO_CHROMIUM,
  openBrowser,
  seriousFindings,
  visit,
  type Visit,
} from '../support/browser.js';

describe.skipIf(!CHROMIUM)(`the dashboard of an API with keys${NO_CHROMIUM}`, { timeout: 60_000 }, () => {
  let base: TestApi;
  let api: Keyed;
  let serving: Serving;
  let browser: Browser;
  let here: Visit;
  let page: Page;
  let job: Job;

  beforeAll(async () => {
    base = await openApi();
    const dashboard = await loadDashboard(path.join(packageRoot(), 'dist', 'dashboard'));
    api = keyedApi(base.temporal, { dashboard });
    serving = await serve(api.app.fetch, { host: '127.0.0.1', port: 0, hasKeys: true });
    browser = await openBrowser();
    job = await api.start();
  });
  afterAll(async () => {
    await browser?.close();
    await serving?.close();
    await base?.close();
  });

  beforeEach(async () => {
    here = await visit(browser, serving.url);
    page = here.page;
    page.setDefaultTimeout(20_000);
  });
  afterEach(async () => {
    await page.context().close();
    if (here.faults.length > 0) throw new Error(here.faults.join('\n'));
  });

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const heading = (name: string): Promise<void> => page.getByRole('heading', { name, exact: true }).waitFor();
  const go = (place: string): Promise<unknown> => page.goto(`${serving.url}/#/${place}`);
  async function logIn(key: string): Promise<void> {
    await page.getByLabel('Key').fill(key);
    await page.keyboard.press('Enter');
  }

  test('asks for a key, says what is wrong with one, and goes on where one wanted to go', async () => {
    await go(`jobs/${job.id}`);
    await heading('Log in');
    expect(await page.evaluate('document.activeElement.id')).toBe('key');
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await logIn('lh_wrong');
    await page.getByText('The key is not known.').waitFor();
    expect(await page.getByLabel('Key').inputValue()).toBe('lh_wrong');
    expect(await page.getByLabel('Key').getAttribute('aria-invalid')).toBe('true');
    expect(await seriousFindings(page)).toEqual([]);
    await logIn(KEYS.operator);
    await heading(job.id);
    await page.locator('.page-head .state', { hasText: 'queued' }).waitFor();
  });

  test('keeps the key out of reach of scripts, and the login over a reload', async () => {
    await logIn(KEYS.viewer);
    await heading('Jobs');
    expect(await page.evaluate('document.cookie')).toBe('');
    const kept = await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
    expect(kept).toBe('[{},{}]');
    await page.reload();
    await heading('Jobs');
    await page.getByText('vera').waitFor();
  });

  test('steers with a session, and is audited by the name of its key', async () => {
    const { id } = await api.start();
    await logIn(KEYS.operator);
    await go(`jobs/${id}`);
    await button('Cancel …').click();
    await button('Cancel the job').click();
    await page.locator('.page-head .state', { hasText: 'cancelling' }).waitFor();
    expect(api.audited.at(-1)).toMatchObject({ who: 'otto', what: 'POST /v1/jobs/{id}/cancel', job: id });
  });

  test('offers each role what it may do, and nothing else', async () => {
    const offered = async (place: string): Promise<string[]> => {
      await go(place);
      await page
        .locator(place.startsWith('jobs') ? 'section, .jobs' : '.card')
        .first()
        .waitFor();
      const all = page.locator('main').locator(':is(button, a.button, .links a, .next a):visible');
      return (await all.allInnerTexts()).toSorted();
    };
    const seen: Record<string, string[][]> = {};
    for (const role of ['viewer', 'operator', 'admin'] as const) {
      await logIn(KEYS[role]);
      await heading('Jobs');
      const links = await page.getByRole('navigation').getByRole('link').allInnerTexts();
      seen[role] = [links, await offered(`jobs/${job.id}`), await offered('connections')];
      await go('jobs');
      await button('Log out').click();
      await heading('Log in');
    }
    const [viewer, operator, admin] = [seen['viewer']!, seen['operator']!, seen['admin']!];
    expect(viewer[0]).toEqual(operator[0]!.filter((name) => name !== 'Start'));
    expect(operator[0]).toContain('Start');
    expect(viewer[1]).toEqual([]);
    expect(operator[1]).toEqual(expect.arrayContaining(['Cancel …', 'Pause', 'Start another like it']));
    expect(new Set(viewer[2])).toEqual(new Set(['Jobs']));
    expect(new Set(operator[2])).toEqual(new Set(['Back up', 'Jobs']));
    expect(admin.slice(0, 2)).toEqual(operator.slice(0, 2));
    expect(new Set(admin[2])).toEqual(new Set(['Back up', 'Check', 'Jobs']));
  });

  test('tells a viewer who comes to the form why there is none', async () => {
    await logIn(KEYS.viewer);
    await go('start');
    await page.getByText('takes one with the role operator').waitFor();
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Log out']);
  });

  test('shows a tenant its own jobs alone', async () => {
    const own = (await api.post('/v1/jobs', BACKUP, as('acme'))).body;
    await logIn(KEYS.acme);
    await heading('Jobs');
    await page.getByRole('link', { name: own.id }).waitFor();
    expect(await page.getByLabel('Tenant').count()).toBe(0);
    expect(await page.getByRole('link', { name: job.id }).count()).toBe(0);
    await go(`jobs/${job.id}`);
    await page.getByText('There is no such job.').waitFor();
  });

  test('asks again where the session has ended meanwhile, and keeps what was typed', async () => {
    // Comes to the form at once: what the list of jobs still asks for could find the session ended before the click.
    await go('start');
    await logIn(KEYS.operator);
    await page.locator('[name="sink.prefix"]').fill('nightly/of-mine');
    await page.context().clearCookies();
    await button('Start backup').click();
    await heading('Log in');
    await logIn(KEYS.operator);
    await heading('Start a job');
    expect(await page.locator('[name="sink.prefix"]').inputValue()).toBe('nightly/of-mine');
  });

  test('ends the session on the server when one logs out', async () => {
    await logIn(KEYS.operator);
    await heading('Jobs');
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: 'longhaul_session', httpOnly: true, sameSite: 'Strict' });
    await button('Log out').click();
    await heading('Log in');
    const headers = { authorization: '', cookie: `${cookie!.name}=${cookie!.value}` };
    expect((await api.get('/v1/jobs', headers)).status).toBe(401);
    await page.reload();
    await heading('Log in');
  });

  test('is usable in 375 px, in light and dark', async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    const holds = async (): Promise<void> => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await seriousFindings(page)).toEqual([]);
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(over).toBeLessThanOrEqual(0);
      }
    };
    await heading('Log in');
    await holds();
    await logIn(KEYS.operator);
    await heading('Jobs');
    await holds();
  });
});
