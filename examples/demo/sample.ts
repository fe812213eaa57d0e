// What the sample API says about itself: what it serves, and what it was asked.

export interface SampleStats {
  readonly requests: number;
  /** Answers that were spoilt on purpose, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Pages that were served whole, each counted once. */
  readonly distinctPages: number;
  /** Pages that were served whole once more. */
  readonly repeatedPages: number;
  readonly streams: readonly { readonly name: string; readonly records: number; readonly digest: string }[];
}

export async function sampleStats(url: string): Promise<SampleStats> {
  const response = await fetch(new URL('/_stats', url));
  if (!response.ok) throw new Error(`the sample API answers ${response.status} for its own figures`);
  return (await response.json()) as SampleStats;
}
