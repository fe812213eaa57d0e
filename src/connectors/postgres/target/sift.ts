// Finds the records of a batch that the target refuses, and writes all others: by halves, so that a few of them cost little.
import type { Payload, Reject } from '../../../core/connector.js';
import { recordsOf } from '../../../records/cut.js';
import type { Session } from '../session.js';
import type { Refusal } from './errors.js';
import type { Load } from './load.js';

const TAKEN = 'a row with this key is there already';

/** Writes what is not refused; answers what is, each record on its own. */
export async function sift(
  session: Session,
  load: Load,
  { payload, records }: { readonly payload: Payload; readonly records: number },
): Promise<readonly Reject[]> {
  const rejects: Reject[] = [];

  async function send(chunks: readonly Uint8Array[], count: number): Promise<Refusal | null> {
    const refusal = await session.venture(async () => {
      const batch = load.begin();
      for (const chunk of chunks) await batch.write(chunk);
      await batch.finish(count);
    });
    await load.clear();
    return refusal;
  }

  async function sendRecords(records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return;
    const refusal = await send([Buffer.concat(records)], records.length);
    if (refusal) await afterRefusal(records, refusal);
  }

  async function afterRefusal(records: readonly Uint8Array[], refusal: Refusal): Promise<void> {
    if (records.length === 1) return refuse(records[0]!, refusal.code, refusal.told());
    const left = refusal.code === 'restore_conflict' ? await withoutTaken(records) : records;
    if (left.length < records.length) return sendRecords(left);
    const half = records.length >> 1;
    await sendRecords(records.slice(0, half));
    await sendRecords(records.slice(half));
  }

  /** Keys that are there already can be many: they are asked for at once. */
  async function withoutTaken(records: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const taken = new Set<number>();
    await load.prepare();
    await session.venture(async () => {
      for (const place of await load.taken(Buffer.concat(records))) taken.add(place);
    });
    await load.clear();
    for (const place of taken) refuse(records[place]!, 'restore_conflict', TAKEN);
    return records.filter((_, place) => !taken.has(place));
  }

  function refuse(record: Uint8Array, code: Reject['code'], message: string): void {
    // a copy: what is left of the page need not stay in memory
    rejects.push({ code, message, records: 1, payload: { ...payload, chunks: [Buffer.from(record)] } });
  }

  const refusal = await send(payload.chunks, records);
  if (refusal) await afterRefusal([...recordsOf(payload)], refusal);
  return rejects;
}
