// Which segments a sampled verify reads: by lot, the same in every attempt, others in each job, some of every stream.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draw, isDrawn, lotOf, type Drawn, type Sample } from '../../src/archive/sample.js';
import { segmentLines } from '../../src/archive/segment-lines.js';
import { check } from '../../src/core/faults.js';
import { SAMPLE_ALLOWED, shareOf } from '../../src/core/sample.js';
import { jobSpecSchema } from '../../src/core/spec.js';
import { createMemoryStore, newSpace } from '../support/memory-store.js';

const SEGMENTS = { few: 3, many: 400, none: 0, one: 1 } as const;
type Name = keyof typeof SEGMENTS;
const NAMES = Object.keys(SEGMENTS) as Name[];

const space = newSpace();
const store = createMemoryStore(space);
const manifest = { segments: { path: 'segments.jsonl', sha256: '', count: 404 } };
const ranges = new Map<Name, { readonly start: number; readonly end: number }>();
{
  let list = '';
  for (const name of NAMES) {
    const start = list.length;
    for (let seq = 0; seq < SEGMENTS[name]; seq += 1) list += `${lineOf(name, seq)}\n`;
    ranges.set(name, { start, end: list.length });
  }
  space.objects.set('a/segments.jsonl', Buffer.from(list));
}

function lineOf(stream: string, seq: number): string {
  const path = `${stream}/0/${String(seq).padStart(6, '0')}-0123456789abcdef.jsonl.zst`;
  const sums = { records: 2, bytes: 30, storedBytes: 20 + (seq % 7), sha256: '0'.repeat(64) };
  return JSON.stringify({ stream, partition: '0', seq, path, ...sums });
}

const sampleOf = (job: string, share: number): Sample => ({ job, share, asked: `${share * 100}%` });

/** What was drawn of a stream, and the paths. */
async function drawnOf(name: Name, sample: Sample): Promise<Drawn & { readonly paths: readonly string[] }> {
  const lines = ranges.get(name)!;
  const drawn = await draw(store, 'a', manifest, { lines }, sample);
  const has = isDrawn(sample, drawn);
  const paths: string[] = [];
  for await (const { line } of segmentLines(store, 'a', 'segments.jsonl', lines))
    if (has(line)) paths.push(line.path);
  return { ...drawn, paths };
}

const shares = fc.double({ min: 1e-8, max: 0.999_999, noNaN: true });

describe.for(NAMES)('what is drawn of a stream with %s segments', (name) => {
  const all = SEGMENTS[name];

  test('is the same however often, at least one where there are any, about the share, and adds up', async () => {
    const property = fc.asyncProperty(fc.string(), shares, async (job, share) => {
      const first = await drawnOf(name, sampleOf(job, share));
      expect(await drawnOf(name, sampleOf(job, share))).toEqual(first);
      const { segments, records, bytes, paths } = first;
      expect({ segments, records, bytes }).toEqual({
        segments: paths.length,
        records: 2 * paths.length,
        bytes: 30 * paths.length,
      });
      expect(segments).toBeGreaterThanOrEqual(Math.min(1, all));
      // Six times the deviation of as many throws, and six more since small shares are skewed.
      const spread = 6 * Math.sqrt(all * share * (1 - share)) + 6;
      expect(Math.abs(segments - all * share)).toBeLessThanOrEqual(spread);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  test('holds all that a smaller share of the same job does', async () => {
    const property = fc.asyncProperty(fc.string(), shares, shares, async (job, a, b) => {
      const less = await drawnOf(name, sampleOf(job, Math.min(a, b)));
      const more = await drawnOf(name, sampleOf(job, Math.max(a, b)));
      expect(more.paths).toEqual(expect.arrayContaining([...less.paths]));
    });
    await fc.assert(property, { numRuns: 50 });
  });
});

test('jobs draw differently, so that samples come to every segment, none much more often than others', async () => {
  const timesOf = async (name: Name) => {
    const times = new Map<string, number>();
    for (let job = 0; job < 200; job += 1)
      for (const path of (await drawnOf(name, sampleOf(`verify-vault-${job}`, 0.1))).paths)
        times.set(path, (times.get(path) ?? 0) + 1);
    return [...times.values()];
  };
  const many = await timesOf('many');
  expect(many).toHaveLength(SEGMENTS.many);
  // 20 are to be expected, with a deviation of 4.2.
  expect(Math.min(...many)).toBeGreaterThan(3);
  expect(Math.max(...many)).toBeLessThan(42);
  const few = await timesOf('few');
  expect(few).toHaveLength(SEGMENTS.few);
  expect(Math.min(...few)).toBeGreaterThan(50);
});

test('a lot is made of job and path, whatever either holds', () => {
  const lots = [
    lotOf({ job: 'a' }, { path: 'b/c' }),
    lotOf({ job: 'a"' }, { path: 'b/c' }),
    lotOf({ job: 'a' }, { path: 'b/d' }),
    lotOf({ job: 'ab' }, { path: '/c' }),
  ];
  expect(new Set(lots).size).toBe(lots.length);
  // Of an archive that is verified again by another version, too.
  expect(lots[0]).toBe(LOT);
});

const LOT = 110267904022734;

describe('the share of a spec', () => {
  const faultsOf = (options: object) => {
    const spec = { kind: 'verify', source: { connection: 'vault', archive: 'a' }, options };
    const checked = check(jobSpecSchema, spec as never);
    return checked.ok ? [] : checked.faults.map(({ path, message }) => ({ path: path.join('.'), message }));
  };

  test.for([
    ['10%', 0.1],
    ['0.5%', 0.005],
    ['99.999999%', 99.999_999 / 100],
    ['3%', 0.03],
    ['0.000001%', 1e-8],
    ['0.50%', 0.005],
    ['100%', null],
    ['100.0%', null],
  ] as const)('may be %s', ([sample, share]) => {
    expect(faultsOf({ sample })).toEqual([]);
    expect(shareOf(sample)).toBe(share);
  });

  test.for([
    '0%',
    '0.0%',
    '00%',
    'abc',
    '150%',
    '100.1%',
    '-5%',
    '10',
    '10 %',
    ' 10%',
    '1e1%',
    '',
    '010%',
    '.5%',
    '5.%',
    '10%\n',
  ])('is refused as %j, with what is allowed', (sample) => {
    expect(faultsOf({ sample })).toEqual([{ path: 'options.sample', message: SAMPLE_ALLOWED }]);
  });

  test('is not given as a number', () => {
    expect(faultsOf({ sample: 10 })).toMatchObject([{ path: 'options.sample' }]);
  });

  test('is refused beside a comparison, but for all of it', () => {
    const against = { connection: 'crm' };
    expect(faultsOf({ sample: '10%', against })).toEqual([
      {
        path: 'options.sample',
        message: 'cannot be given beside `options.against`, which compares every record',
      },
    ]);
    expect(faultsOf({ sample: '100%', against })).toEqual([]);
  });
});
