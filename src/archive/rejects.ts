// The log of rejects of a job: per partition a chain of parts in the job's folder, and a head that says how far it counts.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RejectsRef } from '../core/checkpoint.js';
import type { Payload, Reject, Target } from '../core/connector.js';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { encodingSchema } from './format.js';
import { ordinal, partitionFolder } from './layout.js';
import { putLinked } from './linked.js';
import { readAll } from '../core/read-all.js';
import { decodeJson, encodeJson, readIfThere } from './objects.js';

const count = z.number().int().min(0);
const link = { path: z.string(), sha256: z.string() };

/** As text where it is valid UTF-8, else as base64. Both null: it could not be read. */
const rejectSchema = z.object({
  code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERRORS, code)),
  message: z.string(),
  records: count,
  format: encodingSchema.nullable(),
  header: z.string().nullable(),
  text: z.string().nullable(),
  base64: z.string().nullable(),
});
type StoredReject = z.infer<typeof rejectSchema>;

const target = z.object({ stream: z.string(), partition: z.string(), index: count });
export const rejectsPartSchema = z.object({
  prev: z.object(link).nullable(),
  seq: count,
  target,
  rejects: z.array(rejectSchema),
});
const headSchema = z.object({ ...link, seq: count, records: count, target });
export type RejectsHead = z.infer<typeof headSchema>;

/** A part holds about so much, so that none is large to write or to read. */
const PART_BYTES = 1_048_576;

export interface RejectsLog {
  /** Adds to what `before` ends, durably; it counts once it is published. */
  add(target: Target, before: RejectsRef | undefined, rejects: readonly Reject[]): Promise<RejectsRef>;
  /** After the checkpoint that names `ref` is durable. Harmless when repeated. */
  publish(target: Target, ref: RejectsRef): Promise<void>;
}

/** `folder` is the job's, in the store. Beside the errors of its store it throws `chain_broken`. */
export function createRejectsLog(store: Store, folder: string): RejectsLog {
  const token = randomBytes(8).toString('hex');

  async function put(
    to: Target,
    before: RejectsRef | undefined,
    rejects: StoredReject[],
  ): Promise<RejectsRef> {
    const seq = before ? before.seq + 1 : 0;
    const prev = before ? { path: before.path, sha256: before.sha256 } : null;
    const { stream, partition, index } = to;
    const part: z.infer<typeof rejectsPartSchema> = {
      prev,
      seq,
      target: { stream, partition, index },
      rejects,
    };
    const path = `${REJECTS}/${partitionFolder(to)}/${ordinal(seq)}-${token}.json`;
    const linked = await putLinked(store, folder, part, () => path);
    const records = rejects.reduce((sum, reject) => sum + reject.records, before?.records ?? 0);
    return { ...linked, seq, records };
  }

  return {
    async add(to, before, rejects) {
      let ref = before;
      for (const part of parts(rejects.map(toStored))) ref = await put(to, ref, part);
      return ref!;
    },
    async publish(to, ref) {
      const path = `${folder}/${headOf(to)}`;
      const there = await readIfThere(store, path);
      if (there && decodeJson(there, headSchema, 'chain_broken', path).seq >= ref.seq) return;
      const { stream, partition, index } = to;
      await store.put(path, encodeJson({ ...ref, target: { stream, partition, index } }));
    },
  };
}

/** How far the log of each partition counts, and the object that says so, in the order of their paths from `from` on. */
export async function* rejectsHeads(
  store: Store,
  folder: string,
  from = '',
): AsyncGenerator<RejectsHead & { readonly head: string }> {
  for await (const { path } of store.list(`${folder}/${HEADS}`)) {
    const head = path.slice(folder.length + 1);
    if (head < from) continue;
    yield { ...decodeJson(await readAll(store, path), headSchema, 'chain_broken', path), head };
  }
}

export const REJECTS = 'rejects';
/** In a folder of their own, so that they are found without walking the parts, of which there may be many. */
const HEADS = 'rejects-heads';

function headOf(to: Target): string {
  return `${HEADS}/${partitionFolder(to)}.json`;
}

function* parts(rejects: readonly StoredReject[]): Generator<StoredReject[]> {
  let part: StoredReject[] = [];
  let bytes = 0;
  for (const reject of rejects) {
    part.push(reject);
    bytes += (reject.text ?? reject.base64 ?? '').length + reject.message.length;
    if (bytes < PART_BYTES) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}

function toStored({ code, message, records, payload }: Reject): StoredReject {
  const bytes = payload && Buffer.concat(payload.chunks);
  const text = bytes?.toString('utf8') ?? null;
  const isText = bytes !== null && Buffer.from(text!).equals(bytes);
  return {
    code,
    message,
    records,
    format: payload?.format ?? null,
    header: payload?.format === 'csv' ? Buffer.from(payload.header).toString('utf8') : null,
    text: isText ? text : null,
    base64: bytes && !isText ? bytes.toString('base64') : null,
  };
}

export function fromStored({ code, message, records, format, header, text, base64 }: StoredReject): Reject {
  if (format === null) return { code, message, records, payload: null };
  const chunks = [text === null ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)];
  const payload: Payload =
    format === 'csv' ? { format, header: Buffer.from(header ?? ''), chunks } : { format, chunks };
  return { code, message, records, payload };
}
