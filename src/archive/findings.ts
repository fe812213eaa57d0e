// Findings kept small enough to travel: the first few, and the count of all.
import { z } from 'zod';
import type { Finding } from '../core/connector.js';

const count = z.number().int().min(0);

export const findingsSchema = z.object({
  findings: z.array(
    z.object({ path: z.string(), problem: z.enum(['damaged', 'missing', 'surplus']), detail: z.string() }),
  ),
  findingsTotal: count,
});

export interface Findings {
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
}

export interface Limit {
  readonly findings: number;
  /** Of the findings as JSON. */
  readonly chars: number;
}

export const NO_FINDINGS: Findings = { findings: [], findingsTotal: 0 };

/** `total` counts what `more` stands for, where that is more than it holds. */
export function addFindings(
  before: Findings,
  more: readonly Finding[],
  limit: Limit,
  total = more.length,
): Findings {
  const kept = [...before.findings];
  let chars = JSON.stringify(kept).length;
  for (const finding of more) {
    chars += JSON.stringify(finding).length + 1;
    if (kept.length >= limit.findings || chars > limit.chars) break;
    kept.push(finding);
  }
  return { findings: kept, findingsTotal: before.findingsTotal + total };
}
