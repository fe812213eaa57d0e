// Single values as JSON text: what they hold, and whether a column can.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether the text of a string token is its bytes as they are. */
export function isPlainString(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 1; at < end - 1; at += 1) if (bytes[at] === BACKSLASH) return false;
  return true;
}

/** null where the value is no string, or none that UTF-8 can hold (halves of surrogate pairs). */
export function stringOf(bytes: Buffer, start: number, end: number): string | null {
  if (bytes[start] !== QUOTE) return null;
  const text = JSON.parse(bytes.toString('utf8', start, end)) as string;
  return /\p{Surrogate}/u.test(text) ? null : text;
}

export function isNumberToken(bytes: Buffer, start: number): boolean {
  const first = bytes[start]!;
  return first === 0x2d || (first >= 0x30 && first <= 0x39);
}

export function isBooleanToken(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0x74 || bytes[start] === 0x66;
}

const MAX = 9_223_372_036_854_775_807n;

/** null where it is no integer of 64 bits. */
export function integerOf(text: string): bigint | null {
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const value = BigInt(text);
  return value <= MAX && value >= -MAX - 1n ? value : null;
}

/** null where the double would print as another number. */
export function doubleOf(text: string): number | null {
  const value = Number(text);
  const printed = String(value);
  return printed === text || (Number.isFinite(value) && digitsOf(printed) === digitsOf(text)) ? value : null;
}

/** Alike for two texts of the same number: its digits without outer zeros, and the power of ten of the first of them. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  if (digits === '') return '0';
  const power = whole.length - (all.length - digits.length) + Number(exponent);
  return `${sign}${digits.replace(/0+$/, '')}e${power}`;
}
