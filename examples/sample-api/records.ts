// Contacts and companies that never were, made from their number alone: the same seed gives the same bytes.

export interface Collection {
  readonly name: string;
  readonly count: number;
  /** One record as JSON text, on one line. */
  readonly record: (index: number) => string;
}

/** About three contacts to a company. */
export function createCollections(records: number, seed: number): readonly Collection[] {
  const contacts = Math.round(records * 0.76);
  const companies = records - contacts;
  return [
    { name: 'companies', count: companies, record: (index) => company(index, seed) },
    { name: 'contacts', count: contacts, record: (index) => contact(index, seed, companies) },
  ];
}

const FIRST = [
  'Zoë',
  'Ada',
  'Björn',
  'Chinwe',
  'Dmitri',
  'Éloïse',
  '福子',
  'Grace',
  'Hüseyin',
  'Inês',
  'José',
  'Þóra',
];
const LAST = [
  'Ångström',
  'Okafor',
  "O'Neill",
  '山田',
  'García',
  'Müller',
  'Nguyễn',
  'Łukasz',
  'Smith',
  'Петрова',
];
const CITIES = [
  'São Paulo',
  'Zürich',
  'Kraków',
  '東京',
  'Reykjavík',
  'Lagos',
  'Köln',
  'Montréal',
  'Αθήνα',
  'Leeds',
];
const WORDS = [
  'amber',
  'birch',
  'copper',
  'delta',
  'ember',
  'fjord',
  'granite',
  'harbor',
  'indigo',
  'juniper',
];
const FORMS = ['GmbH', 'Ltd', 'S.A.', '株式会社', 'AB', 'Inc.'];
const NOTES = [
  'null',
  '"prefers e-mail"',
  '"met at the fair 🎪"',
  String.raw`"said \"call me\" \u2014 twice"`,
  '""',
];

/** Ids begin just beyond 2^53, where doubles lose count. */
const FIRST_ID = 9_007_199_254_740_993n;

function contact(index: number, seed: number, companies: number): string {
  const dice = createDice(seed, index);
  const [first, last] = [pick(FIRST, dice), pick(LAST, dice)];
  const address = `{"street":"${1 + dice(200)} ${pick(WORDS, dice)} street","city":"${pick(CITIES, dice)}","zip":"${digits(dice(100_000), 5)}"}`;
  return (
    `{"id":${FIRST_ID + BigInt(index)},"name":"${first} ${last}","email":"${pick(WORDS, dice)}.${index}@example.com"` +
    `,"company_id":${companies === 0 ? 'null' : FIRST_ID + BigInt(dice(companies))},"balance":${money(dice(1_000_000))}` +
    `,"created_at":"${moment(dice)}","active":${dice(5) > 0},"tags":["${pick(WORDS, dice)}","${pick(WORDS, dice)}"]` +
    `,"address":${address},"note":${pick(NOTES, dice)}}`
  );
}

function company(index: number, seed: number): string {
  const dice = createDice(seed ^ 0x5eed, index);
  const name = `${pick(WORDS, dice)} & ${pick(LAST, dice)} ${pick(FORMS, dice)}`;
  return (
    `{"id":${FIRST_ID + BigInt(index)},"name":"${name}","domain":"${pick(WORDS, dice)}-${index}.example"` +
    `,"employees":${1 + dice(50_000)},"revenue":${dice(1_000_000_000)}${digits(dice(1_000_000_000), 9)}.${digits(dice(100), 2)}` +
    `,"rating":${dice(50) / 10}e0,"city":"${pick(CITIES, dice)}","updated_at":"${moment(dice)}"}`
  );
}

/** Gives whole numbers below a bound, in an order that seed and index fix. */
type Dice = (bound: number) => number;

function createDice(seed: number, index: number): Dice {
  let state = scramble(seed, index);
  return (bound) => {
    state = scramble(state, 1);
    return state % bound;
  };
}

/** A 32-bit number that looks like chance (the finalizer of MurmurHash3). */
export function scramble(a: number, b: number): number {
  let hash = (a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function pick(from: readonly string[], dice: Dice): string {
  return from[dice(from.length)] ?? '';
}

/** Always two decimals, as `1.10`. */
function money(cents: number): string {
  return `${Math.floor(cents / 100)}.${digits(cents % 100, 2)}`;
}

function moment(dice: Dice): string {
  const day = `20${digits(10 + dice(16), 2)}-${digits(1 + dice(12), 2)}-${digits(1 + dice(28), 2)}`;
  return `${day}T${digits(dice(24), 2)}:${digits(dice(60), 2)}:${digits(dice(60), 2)}.${digits(dice(1_000_000), 6)}Z`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
