// JSON records that a parser, a double, a decoder or a sloppy scanner would change. Each is one line as it stands.

const DEEP = 400;

export const NASTY_RECORDS: readonly string[] = [
  '{"id":9007199254740993,"next":18446744073709551616,"low":-9223372036854775808}',
  '{"price":1.10,"zero":0.0,"minus":-0,"huge":1e400,"tiny":1E-400,"plus":1e+2}',
  '{"pi":3.14159265358979323846264338327950288419716939937510}',
  String.raw`{"escaped":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\","plain":"é😀/"}`,
  String.raw`{"lone":"\ud83d","nul":"\u0000","upper":"\u00E9"}`,
  '{"a":1,"a":2,"a":{"a":3,"a":4}}',
  '{"b":1,"a":2,"10":3,"9":4,"":5}',
  '{"__proto__":{"x":1},"constructor":null,"toString":false}',
  '{ "spaces" :\t[ 1 ,2 ,  3 ] , "end" : true }',
  String.raw`{"looks":"],}{[\"","like":"{\"data\":[],\"next\":\"x\"}","back\\":"\\\\"}`,
  '{"separators":"\u2028\u2029\u0085\u00a0\ufeff","astral":"𝒳😀🏳️‍🌈","combining":"é"}',
  '{"data":[{"data":[]}],"next":"not the cursor"}',
  `{"deep":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  `{"deeper":${'{"x":'.repeat(DEEP)}null${'}'.repeat(DEEP)}}`,
  `{"long":"${'0123456789abcdé😀'.repeat(40_000)}"}`,
  '{}',
  '[1,[2,[3.0]]]',
  '"just a text"',
  '42.0',
  'null',
  'false',
  '""',
];
