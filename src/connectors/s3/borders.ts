// Parts the keys of a prefix into about even ranges by looks at few of them: level by level of what they begin with.

/** The first keys after `after` (null: from the first) that begin with `below`, in order; `more`: there are others. */
export type Look = (below: string, after: string | null) => Promise<Looked>;

export interface Looked {
  readonly keys: readonly string[];
  readonly more: boolean;
}

/** Keys that begin alike. */
interface Group {
  readonly prefix: string;
  /** Its first keys; all of them where it is not large. */
  readonly keys: readonly string[];
  readonly isLarge: boolean;
}

/** So many large groups for each part that is wanted make the parts even enough. */
const GROUPS_A_PART = 2;
const MOST_LOOKS = 400;
const SIDE_BY_SIDE = 8;
/** A large group weighs as much as so many keys in small ones. */
const LARGE_WEIGHT = 1_000;
/** Borders are carried by the workflow. */
const LONGEST_BORDER = 200;
/** Comes after everything that a key can have in its place. */
const LAST = '\u{10ffff}';

/** Less than `want` keys, ascending; none where a single look shows all keys. */
export async function findBorders(look: Look, want: number): Promise<string[]> {
  let looks = 0;
  const counted: Look = (below, after) => {
    looks += 1;
    return look(below, after);
  };
  const { keys, more } = await counted('', null);
  let groups: readonly Group[] = [{ prefix: '', keys, isLarge: more }];
  for (;;) {
    const large = groups.filter(({ isLarge }) => isLarge);
    if (large.length === 0 || large.length >= want * GROUPS_A_PART || looks >= MOST_LOOKS) break;
    groups = await divided(counted, groups, () => looks < MOST_LOOKS);
  }
  return bordersOf(groups, want);
}

/** Each large group in its place replaced by those that it consists of, as long as one may look. */
async function divided(
  look: Look,
  groups: readonly Group[],
  mayLook: () => boolean,
): Promise<readonly Group[]> {
  const results: (readonly Group[])[] = [];
  const rest = groups.entries();
  const lanes = Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (const [index, group] of rest) {
      results[index] = group.isLarge && mayLook() ? await divide(look, group) : [group];
    }
  });
  await Promise.all(lanes);
  return results.flat();
}

/** By the first letter in which its keys differ. */
async function divide(look: Look, group: Group): Promise<readonly Group[]> {
  const common = await commonBeginning(look, group);
  const groups: Group[] = [];
  let { keys, isLarge: more } = group;
  for (;;) {
    const found = grouped(keys, common.length, more);
    groups.push(...found);
    const last = found.at(-1);
    if (!more || last === undefined) return groups;
    ({ keys, more } = await look(common, last.prefix + LAST));
  }
}

/** What all keys of the group begin with: a look behind those that share more shows whether there are others. */
async function commonBeginning(look: Look, { prefix, keys }: Group): Promise<string> {
  let common = shared(keys[0] ?? prefix, keys.at(-1) ?? prefix);
  while (common.length > prefix.length) {
    const [beyond] = (await look(prefix, common + LAST)).keys;
    if (beyond === undefined) break;
    common = shared(common, beyond);
  }
  return common;
}

/** Whole characters only. */
function shared(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a.codePointAt(at) === b.codePointAt(at)) at += lengthAt(a, at);
  return a.slice(0, at);
}

const lengthAt = (text: string, at: number): number => (text.codePointAt(at)! > 0xffff ? 2 : 1);

/** Neighbours with the same letter at `at`. The last of them is large where there are more keys. */
function grouped(keys: readonly string[], at: number, more: boolean): Group[] {
  const groups: { prefix: string; keys: string[]; isLarge: boolean }[] = [];
  for (const key of keys) {
    const prefix = at < key.length ? key.slice(0, at + lengthAt(key, at)) : key;
    const last = groups.at(-1);
    if (last?.prefix === prefix) last.keys.push(key);
    else groups.push({ prefix, keys: [key], isLarge: false });
  }
  const last = groups.at(-1);
  if (last) last.isLarge = more;
  return groups;
}

function bordersOf(groups: readonly Group[], want: number): string[] {
  const weights = groups.map(({ keys, isLarge }) => (isLarge ? LARGE_WEIGHT : keys.length));
  const share = weights.reduce((sum, weight) => sum + weight, 0) / want;
  const borders: string[] = [];
  let weight = 0;
  for (const [index, { prefix }] of groups.entries()) {
    const isFull = index > 0 && weight >= share * (borders.length + 1);
    const isShort = Buffer.byteLength(prefix) <= LONGEST_BORDER;
    if (isFull && isShort && borders.length + 1 < want) borders.push(prefix);
    weight += weights[index]!;
  }
  return borders;
}
