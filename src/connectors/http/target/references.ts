// Puts the new keys into records that refer to others: all other bytes stay as they are.
import type { Context } from '../../../core/connector.js';
import { membersOf } from '../../../records/members.js';
import { replaced, type Replacement } from '../../../records/replace.js';
import { keyText } from './key-texts.js';
import type { KeyLookup } from './key-lookup.js';
import type { Keys } from './keys.js';
import type { Reference } from './remap.js';
import type { Refusal } from './sender.js';

/** A record with its references renewed, or why it cannot be sent. */
export type Rewritten =
  { readonly body: Uint8Array; readonly refusal: null } | { readonly body: null; readonly refusal: Refusal };

/** Of the records of a page, without line ends, in order. */
export type Rewriter = (records: readonly Uint8Array[]) => Promise<readonly Rewritten[]>;

/** Throws `Stopped`, and what reading the keys throws. */
export async function createRewriter(
  ctx: Context,
  keys: Keys,
  references: readonly Reference[],
): Promise<Rewriter> {
  if (references.length === 0) return async (records) => records.map((body) => ({ body, refusal: null }));
  const lookups: KeyLookup[] = [];
  for (const { to } of references) lookups.push(await keys.lookup(ctx, to));

  return async (records) => {
    const members = records.map((record) => membersOf(record));
    const found = await Promise.all(
      references.map(({ field }, i) => {
        const olds = members.map((each) => keyText(each?.get(field)));
        return lookups[i]!(olds.filter((old) => old !== null));
      }),
    );
    return records.map((record, i) => rewritten(record, members[i] ?? null, references, found));
  };
}

function rewritten(
  record: Uint8Array,
  members: ReadonlyMap<string, Buffer> | null,
  references: readonly Reference[],
  found: readonly ReadonlyMap<string, string>[],
): Rewritten {
  const replacements: Replacement[] = [];
  for (const [i, reference] of references.entries()) {
    const value = members?.get(reference.field);
    if (!value || value.equals(NULL)) continue;
    const now = found[i]!.get(keyText(value) ?? '');
    if (now === undefined) return { body: null, refusal: unknown(reference, value) };
    replacements.push({ value, by: Buffer.from(now) });
  }
  return { body: replaced(record, replacements), refusal: null };
}

const NULL = Buffer.from('null');

function unknown({ stream, field, to }: Reference, value: Buffer): Refusal {
  const message = `${stream}.${field} refers to a record of ${to} for which the target has made no key`;
  return { code: 'reference_unknown', message, detail: `${message}: ${value.toString('utf8', 0, 200)}` };
}
