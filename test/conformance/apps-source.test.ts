// The HTTP source against the suite of all sources, with applications behind it that nobody here wrote.
import { afterAll, beforeAll, describe } from 'vitest';
import type { HttpConnection } from '../../src/config/http.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { datasetteMissing, startDatasette } from '../support/apps/datasette.js';
import type { Datasette } from '../support/apps/datasette.js';
import { pocketbaseMissing, startPocketBase } from '../support/apps/pocketbase.js';
import type { PocketBase } from '../support/apps/pocketbase.js';
import { describeSource } from './source-suite.js';
import type { SourceUnderTest } from './source-suite.js';

const noDatasette = await datasetteMissing();
const noPocketBase = await pocketbaseMissing();

describe.skipIf(noDatasette)(`Datasette ${noDatasette ?? ''}`, () => {
  let app: Datasette;
  beforeAll(async () => void (app = await startDatasette()), INSTALL_TIMEOUT_MS);
  afterAll(() => app?.stop());
  const expected = { places: 3_000, vacant: 0, places_by_link: 3_000, vacant_by_link: 0 };
  describeSource('Datasette', { open: async () => opened(app.connection, expected) });
});

describe.skipIf(noPocketBase)(`PocketBase ${noPocketBase ?? ''}`, () => {
  let app: PocketBase;
  beforeAll(async () => void (app = await startPocketBase()), INSTALL_TIMEOUT_MS);
  afterAll(() => app?.stop());
  const expected = { notes: 5_200, notes_untold: 5_200, none: 0 };
  describeSource('PocketBase', { open: async () => opened(app.connection, expected) });
});

/** A source with those streams of a connection that are expected. */
function opened(config: HttpConnection, expected: Readonly<Record<string, number>>): SourceUnderTest {
  const streams = Object.fromEntries(Object.entries(config.streams).filter(([name]) => name in expected));
  const source = createHttpConnection('app', { ...config, streams }).source!({});
  return { source, expected: new Map(Object.entries(expected)), dispose: async () => {} };
}
