// Records as raw JSON texts that no trip through JSON.parse survives.

/** What each record carries beside its id: the things that careless readers change. */
const NASTY = [
  '"money":1.10,"big":9223372036854775807,"huge":1e400,"tiny":-0.0E-7',
  '"escapes":"\\u00e9\\/\\ud83d\\ude00 \\"quoted\\" \\\\","lone":"\\ud800"',
  '"astral":"😀𝒳 Zoë","separators":"\u2028\u2029","spaced" : [ 1 , 2 ]',
  '"twice":1,"twice":2,"":null,"__proto__":{"a":[]},"at":"2024-02-29T23:59:59.123456+02:00"',
  `"deep":${'[{"in":'.repeat(40)}null${'}]'.repeat(40)}`,
];

/** So many different records; their ids are integers beyond 2^53. */
export function someRecords(count: number): string[] {
  return Array.from({ length: count }, (_, index) => someRecord(index));
}

/** Large collections that are never held whole. */
export function manyRecords(count: number): { count: number; at(index: number): string } {
  return { count, at: someRecord };
}

export function someRecord(index: number): string {
  const id = 9_007_199_254_740_993n + BigInt(index);
  return `{"id":${id},"n":${index},${NASTY[index % NASTY.length]}}`;
}
