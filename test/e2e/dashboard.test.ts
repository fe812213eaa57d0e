// The dashboard in a real browser, on a real Longhaul: what a person does with it from the first click to the file.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CHROMIUM,
  layoutShift,
  NO_CHROMIUM,
  openBrowser,
  seriousFindings,
  transferred,
  visit,
  type Visit,
} from '../support/browser.js';
import { createClient } from '../../src/client/index.js';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill } from '../support/processes.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const RECORDS = someRecords(12_000);
const PAGE = 100;
/** All that the dashboard may weigh at its first view, the list of jobs included. */
const FIRST_VIEW_BYTES = 150_000;
const SLOW_MS = 30_000;

describe.skipIf(!CHROMIUM)(`the dashboard${NO_CHROMIUM}`, { timeout: START_TIMEOUT_MS }, () => {
  let api: FakeApi;
  let postgres: TestPostgres;
  let target: string;
  let longhaul: LonghaulInstance;
  let browser: Browser;
  let here: Visit;
  let page: Page;

  beforeAll(async () => {
    api = await startFakeApi({ records: { contacts: RECORDS, companies: someRecords(50) }, latencyMs: 2 });
    postgres = await startPostgres();
    await sql(postgres.url, 'CREATE TABLE people (id integer PRIMARY KEY)');
    await sql(postgres.url, 'INSERT INTO people SELECT generate_series(1, 500)');
    target = await postgres.database();
    longhaul = await startLonghaul({
      connections: {
        api: api.connection('json_link', { pageSize: PAGE }),
        people: { type: 'postgres', url: postgres.url },
        target: { type: 'postgres', url: target },
        album: { type: 'file', path: './album', streams: { pictures: {} } },
      },
    });
    const pictures = path.join(longhaul.folder, 'album', 'pictures');
    await mkdir(pictures, { recursive: true });
    for (const name of ['one', 'two', 'three']) await writeFile(path.join(pictures, name), name);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await longhaul?.stop();
    await postgres?.close();
    await api?.close();
  }, 60_000);

  beforeEach(async () => {
    here = await visit(browser, longhaul.api);
    page = here.page;
    page.setDefaultTimeout(SLOW_MS);
  });
  afterEach(async () => {
    await page.context().close();
    if (here.faults.length > 0) throw new Error(here.faults.join('\n'));
  });

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const state = (name: string): Promise<void> =>
    page.locator('.page-head .state', { hasText: name }).waitFor({ timeout: 60_000 });
  const go = (place: string): Promise<unknown> => page.goto(`${longhaul.api}/#/${place}`);
  const field = (path: string): Locator => page.locator(`[name="${path}"]`);
  const recordsShown = async (): Promise<number> => {
    const figure = page.locator('.figure-box:has(> :text-is("Records")) .figure');
    return Number((await figure.innerText()).replaceAll(',', ''));
  };

  async function fillBackup(stream: string): Promise<void> {
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    await field('source.connection').selectOption('api');
    await page.getByRole('checkbox', { name: stream }).check();
    await field('sink.connection').selectOption('vault');
    await page.getByText('Options').click();
    await field('options.checkpoint.pages').fill('10');
  }

  /** A job of its own for tests that look at one. */
  const someJob = (end: 'completed' | 'failed' = 'completed'): Promise<Job> =>
    longhaul.run(
      {
        kind: 'backup',
        source: { connection: 'api', streams: ['companies'] },
        sink: { connection: 'vault' },
      },
      end,
    );

  const backupOfPeople = (): Promise<Job> =>
    longhaul.run({ kind: 'backup', source: { connection: 'people' }, sink: { connection: 'vault' } });

  test('takes a backup from the form through pause, resume and the death of its worker to the end', async () => {
    await fillBackup('contacts');
    const first = api.hold('contacts', 40);
    await button('Start backup').click();
    await state('running');
    await first.reached();
    await until('the figures follow the checkpoints', async () => (await recordsShown()) >= 30 * PAGE);
    await button('Pause').click();
    await state('paused');
    first.release();
    await page.locator('button:focus', { hasText: 'Resume' }).waitFor();

    const second = api.hold('contacts', 30);
    await button('Resume').click();
    await state('running');
    await second.reached();
    const [worker] = await longhaul.workerPids();
    await kill(worker!);
    second.release();
    await state('completed');
    expect(await recordsShown()).toBe(RECORDS.length);
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('100');

    const downloading = page.waitForEvent('download');
    const segment = page.getByRole('link', { name: /^contacts\/.*\.jsonl\.zst$/ }).first();
    const digest = await segment.getAttribute('title');
    await segment.click();
    const file = await readFile(await (await downloading).path());
    expect(digest).toBe(`sha256 ${createHash('sha256').update(file).digest('hex')}`);
  });

  test('leads from a failed job to its cause, and from there to a retry that completes', async () => {
    api.addFault('contacts').after(12).status(403);
    await fillBackup('contacts');
    await button('Start backup').click();
    await state('failed');
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByLabel('State').selectOption('failed');
    await page.getByRole('rowheader').getByRole('link').click();
    await page.getByText('source_forbidden at contacts').waitFor();
    await page.getByText('Give the credential permission to read this stream.').waitFor();
    expect(await page.locator('.stream .cell-failed').count()).toBe(1);
    await button('Retry').click();
    await state('completed');
    expect(await recordsShown()).toBe(RECORDS.length);
  });

  test('shows what a restore has set aside, and tries it again once that is mended', async () => {
    const { id } = await backupOfPeople();
    await sql(target, 'CREATE TABLE people (id integer PRIMARY KEY); INSERT INTO people VALUES (7)');
    await go(`jobs/${id}`);
    await page.getByRole('link', { name: 'Restore this archive' }).click();
    await field('sink.connection').selectOption('target');
    await page.getByText('Options').click();
    await field('options.rejects.max').fill('10');
    await button('Start restore').click();
    await state('completed');
    await page.getByText('1 record set aside').waitFor();
    expect(await page.locator('.reject').innerText()).toMatch(/^people .*restore_conflict/);
    await page.getByText('Record', { exact: true }).click();
    expect(await page.locator('.reject pre').innerText()).toBe('id\n7');

    expect(await seriousFindings(page)).toEqual([]);

    await sql(target, 'DELETE FROM people WHERE id = 7');
    await button('Try these again').click();
    await page.getByRole('heading', { name: /^rejects-/ }).waitFor();
    await state('completed');
    expect(await sql(target, 'SELECT count(*)::int AS count FROM people')).toEqual([{ count: 500 }]);
  });

  test('says what a job waits for and until when, and finds it by each filter', async () => {
    api.addFault('contacts').after(12).throttle(3_600);
    const { id } = await longhaul.post({
      kind: 'backup',
      source: { connection: 'api', streams: ['contacts'] },
      sink: { connection: 'vault' },
      options: { tenant: 'acme' },
    });
    const { progress } = await longhaul.waitFor(id, 'it waits', (job) => job.state === 'waiting');
    for (const [label, chosen] of [
      ['Kind', 'backup'],
      ['State', 'waiting'],
      ['Source', 'api'],
      ['Sink', 'vault'],
    ] as const) {
      await page.getByRole('combobox', { name: label }).selectOption(chosen);
    }
    await page.getByRole('searchbox', { name: 'Tenant' }).fill('acme');
    await page.getByRole('searchbox', { name: 'Tenant' }).press('Enter');
    await page.getByRole('rowheader').getByRole('link', { name: id }).click();
    const note = page.locator('.summary .note');
    expect(await note.innerText()).toMatch(
      /^Waits until .*, another (1 h 00|59) min.*, and goes on by itself\.\s+contacts: .* answered 429/,
    );
    expect(await note.locator('time').getAttribute('datetime')).toBe(progress.waitingUntil);
    const webUi = page.getByRole('link', { name: 'Temporal’s Web UI' });
    expect(await webUi.getAttribute('href')).toBe(`${longhaul.webUi}/namespaces/default/workflows/${id}`);
    await longhaul.steer(id, 'cancel');
    await state('cancelled');
  });

  test('offers the archives of a source of objects as the base of its next backup, and of no other', async () => {
    await longhaul.run({
      kind: 'backup',
      source: { connection: 'album' },
      sink: { connection: 'vault', prefix: 'album', archive: 'full' },
    });
    await backupOfPeople();
    await go('start');
    await field('source.connection').selectOption('api');
    await field('sink.connection').selectOption('vault');
    expect(await field('options.base').count()).toBe(0);
    await field('source.connection').selectOption('album');
    const offered = page.locator('#field-options-base-known option');
    await until('the base is offered', async () => (await offered.count()) > 0);
    expect(await offered.evaluateAll((all) => all.map((each) => each.getAttribute('value')))).toEqual([
      'album/full',
    ]);
    await field('options.base').fill('album/none');
    await button('Start backup').click();
    await state('failed');
    await page.getByRole('link', { name: 'Start another like it' }).click();
    await field('options.base').fill('album/full');
    await button('Start backup').click();
    await state('completed');
    const id = await page.getByRole('heading', { level: 1 }).innerText();
    expect((await longhaul.show(id)).options).toMatchObject({ base: 'album/full' });
  });

  test('writes times in the zone of the reader, and groups numbers as their language does', async () => {
    const { id, createdAt } = await longhaul.run({
      kind: 'backup',
      source: { connection: 'api', streams: ['contacts'] },
      sink: { connection: 'vault' },
    });
    const [locale, timeZone] = ['de-DE', 'Pacific/Auckland'];
    const reader = await visit(browser, longhaul.api, { locale, timezoneId: timeZone });
    await reader.page.goto(`${longhaul.api}/#/jobs/${id}`);
    const created = reader.page.locator(`time[datetime="${createdAt}"]`);
    const words = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
    expect(await created.innerText()).toBe(words.format(new Date(createdAt)));
    await reader.page.locator('.figure', { hasText: '12.000' }).first().waitFor();
    await reader.page.context().close();
    expect(reader.faults).toEqual([]);
  });

  test('shows in what an archive and its source differ', async () => {
    const { id } = await backupOfPeople();
    await sql(postgres.url, 'DELETE FROM people WHERE id = 500; INSERT INTO people VALUES (501)');
    await go('archives');
    await page.getByRole('link', { name: new RegExp(`^Verify .*${id}$`) }).click();
    await field('options.against.connection').selectOption('people');
    await button('Start verify').click();
    await state('failed');
    await page.getByText('499 same, 1 added, 1 removed, 0 changed, 0 duplicates').waitFor();
    const rows = page.locator('section:has(h2:text-is("Differences")) tbody tr');
    expect((await rows.allInnerTexts()).toSorted()).toEqual(['added\tpeople\t501', 'removed\tpeople\t500']);
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('asks before it cancels, and leaves a job alone that is to be kept', async () => {
    const hold = api.hold('contacts', 5);
    await fillBackup('contacts');
    await button('Start backup').click();
    await hold.reached();
    await button('Cancel …').click();
    await button('Keep it').click();
    await state('running');
    await button('Cancel …').click();
    expect(await seriousFindings(page)).toEqual([]);
    await button('Cancel the job').click();
    hold.release();
    await state('cancelled');
    expect(await page.locator('.actions button').count()).toBe(0);
  });

  test('says what is wrong beside the field, and keeps what was typed', async () => {
    await go('start');
    await field('sink.prefix').fill('../up');
    await page.getByText('Options').click();
    await field('options.lanes').fill('many');
    await button('Start backup').click();
    const faults = page.getByRole('alert');
    await faults.waitFor();
    await page.locator('[role=alert]:focus').waitFor();
    expect(await page.locator('#field-source-connection-fault').innerText()).toContain('is missing');
    expect(await page.locator('#field-sink-prefix-fault').innerText()).toContain('parted by "/"');
    expect(await page.locator('#field-options-lanes-fault').innerText()).toContain('expected number');
    expect(await field('options.lanes').inputValue()).toBe('many');
    expect(await field('options.lanes').getAttribute('aria-invalid')).toBe('true');
    await faults.getByRole('link', { name: 'Lanes' }).click();
    await page.locator('[name="options.lanes"]:focus').waitFor();
    await page.getByRole('link', { name: 'Queue' }).click();
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    expect(await field('sink.prefix').inputValue()).toBe('../up');
  });

  test('holds a running job to a pace, and says what is no pace beside the field', async () => {
    const hold = api.hold('contacts', 5);
    await fillBackup('contacts');
    await button('Start backup').click();
    await hold.reached();
    const pace = field('requestsPerSecond');
    const fault = page.locator('#pace-fault');
    for (const [typed, said] of [
      ['fast', 'Expected a number'],
      ['0', '>=0.01'],
    ] as const) {
      await pace.fill(typed);
      await button('Set').click();
      await fault.filter({ hasText: said }).waitFor();
      expect(await pace.inputValue()).toBe(typed);
    }
    await pace.fill('500');
    await button('Set').click();
    const id = await page.getByRole('heading', { level: 1 }).innerText();
    await longhaul.waitFor(id, 'it keeps the pace', ({ requestsPerSecond }) => requestsPerSecond === 500);
    expect(await seriousFindings(page)).toEqual([]);
    hold.release();
    await state('completed');
  });

  test('lists what lies in the stores by its place, and says beside a filter what is wrong with it', async () => {
    await backupOfPeople();
    const { id } = await longhaul.run({
      kind: 'backup',
      source: { connection: 'people' },
      sink: { connection: 'vault', prefix: 'apart' },
    });
    const archive = `vault/apart/${id}`;
    await go('archives');
    await page.getByRole('link', { name: archive, exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Store' }).selectOption('vault');
    await page.getByRole('searchbox', { name: 'Folder' }).fill('apart');
    await page.getByRole('searchbox', { name: 'Folder' }).press('Enter');
    await until('only that one is left', async () => (await page.getByRole('rowheader').count()) === 1);
    await page.getByRole('searchbox', { name: 'Folder' }).fill('../up');
    await page.getByRole('searchbox', { name: 'Folder' }).press('Enter');
    await page.locator('#filter-prefix-fault', { hasText: 'parted by "/"' }).waitFor();
    expect(await page.getByRole('searchbox', { name: 'Folder' }).inputValue()).toBe('../up');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('link', { name: 'Clear' }).click();
    await page.getByRole('link', { name: `Restore ${archive}` }).click();
    expect(await field('source.archive').inputValue()).toBe(`apart/${id}`);
    await page.locator(`datalist option[value="apart/${id}"]`).waitFor({ state: 'attached' });
  });

  test('has a worker check a connection and shows what it saw', async () => {
    await go('connections');
    await button('Check vault').click();
    const seen = page.locator('.card', { hasText: 'vault' }).locator('.state-completed');
    expect(await seen.innerText()).toMatch(/free|writable/);
    api.addFault('companies').status(403);
    await button('Check api').click();
    await page.locator('.card', { hasText: 'api' }).getByText('source_forbidden').waitFor();
  });

  test('runs a schedule now, pauses it and lets it go on', async () => {
    const client = createClient({ url: longhaul.api });
    const job: JobSpec = {
      kind: 'backup',
      source: { connection: 'api', streams: ['companies'] },
      sink: { connection: 'vault' },
    };
    await client.schedules.add({ name: 'nightly', cron: '0 3 1 1 *', job });
    await go('schedules');
    await button('Run now nightly').click();
    const row = page.getByRole('row', { name: /nightly/ });
    await row.getByRole('link', { name: /^nightly-\d{4}-/ }).waitFor();
    await button('Pause nightly').click();
    await row.locator('.state-paused').waitFor();
    await button('Resume nightly').click();
    await row.locator('time').waitFor();
    await row.getByRole('link', { name: 'nightly', exact: true }).click();
    await page
      .getByRole('rowheader', { name: /^nightly-/ })
      .getByRole('link')
      .click();
    await state('completed');
    expect(await client.schedules.show('nightly')).toMatchObject({ paused: false, counts: { started: 1 } });
  });

  test('can be used with the keyboard alone', async () => {
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Start a job');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Start a job' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('is light at its first view, and does not jump', async () => {
    await someJob();
    const list = page.getByRole('rowheader').first();
    const weight = await transferred(page, async () => {
      await page.reload();
      await list.waitFor();
    });
    expect(weight).toBeLessThan(FIRST_VIEW_BYTES);
    expect(await layoutShift(page)).toBeLessThan(0.05);
  });

  test('has no serious finding by axe on any page, in light and dark, wide and narrow', async () => {
    const { id } = await someJob();
    api.addFault('companies').status(403);
    const failed = await someJob('failed');
    const places = [
      'jobs',
      `jobs/${id}`,
      `jobs/${failed.id}`,
      'start',
      'schedules',
      'archives',
      'connections',
      'queue',
      'nowhere',
    ];
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 800 });
      for (const place of places) {
        await go(place);
        await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
        if (place === 'start') await button('Start backup').click();
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          expect(await seriousFindings(page), `${place}, ${width}, ${colorScheme}`).toEqual([]);
        }
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${place} is wider than ${width}`).toBeLessThanOrEqual(0);
        for (const link of await page.getByRole('navigation').getByRole('link').all()) {
          const { x = 0, width: wide = 0 } = (await link.boundingBox()) ?? {};
          expect(x + wide, `the pages' links go on beyond ${width}`).toBeLessThanOrEqual(width);
        }
      }
    }
  });
});
