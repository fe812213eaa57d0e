// Keys that object stores take, and that a folder, a path or a terminal stumbles over.

/** Legal in S3: up to 1,024 bytes of UTF-8. */
export const NASTY_KEYS: readonly string[] = [
  ' ',
  '.',
  'dots/..',
  '../../etc/passwd',
  '/leading',
  '//two',
  'a//b',
  'a/./b',
  'a/../b',
  'trailing/',
  'back\\slash',
  'new\nline',
  'tab\tand\u0001control\u007f',
  'percent%2E%2e',
  '%lh-x',
  '%lh~x',
  '.tmp-mine',
  'ünï/cödé/🚚/\u{10ffff}',
  'plus+and space&?#=',
  '<xml>&amp;"\'',
  'x'.repeat(1_024),
  'long/'.repeat(204),
  'ü'.repeat(512),
];
