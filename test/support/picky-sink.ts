// A sink that refuses some records, one by one, before it hands the rest to another: what targets of a restore do.
import type { Page, Reject, Sink, SinkWriter } from '../../src/core/connector.js';
import { recordsOf } from '../../src/records/cut.js';

/** `refuses`: of a record without its line end. */
export function pickySink(inner: Sink, refuses: (record: string) => boolean): Sink {
  return {
    ...inner,
    open: async (ctx, target, state) => pickyWriter(await inner.open(ctx, target, state), refuses),
  };
}

function pickyWriter(inner: SinkWriter, refuses: (record: string) => boolean): SinkWriter {
  let pages: Page[] = [];

  async function writeRest({ payload, next }: Page): Promise<Reject[]> {
    const records = [...recordsOf(payload)];
    const isRefused = (record: Uint8Array) => refuses(Buffer.from(record).toString('utf8').trimEnd());
    const kept = records.filter((record) => !isRefused(record));
    await inner.write({ payload: { ...payload, chunks: kept }, records: kept.length, next });
    return records.filter(isRefused).map((record) => ({
      code: 'record_refused',
      message: 'this target does not like it',
      records: 1,
      payload: { ...payload, chunks: [record] },
    }));
  }

  return {
    write: async (page) => void pages.push(page),
    async settle() {
      const rejects: Reject[] = [];
      for (const page of pages) rejects.push(...(await writeRest(page)));
      pages = [];
      return rejects;
    },
    flush: (breadcrumb) => inner.flush(breadcrumb),
    abort: () => inner.abort(),
  };
}
