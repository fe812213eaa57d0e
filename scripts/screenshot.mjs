// Takes a picture of a page of a running Longhaul: `node scripts/screenshot.mjs URL FILE.png [light|dark]`. Needs Chromium.
import { chromium } from 'playwright-core';

const [url, path, colorScheme = 'light'] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const viewport = { width: 1180, height: 720 };
  const page = await browser.newPage({ viewport, colorScheme, locale: 'en-GB', timezoneId: 'UTC' });
  await page.goto(url);
  // Long enough for the plot to have a shape.
  await page.waitForTimeout(12_000);
  await page.screenshot({ path });
} finally {
  await browser.close();
}
