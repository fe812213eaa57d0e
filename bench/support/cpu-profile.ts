// What V8 writes with `--cpu-prof`, added up by function.

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface Cost {
  /** Of the function, and where it is. */
  readonly name: string;
  readonly ms: number;
}

/** Time in each function itself, the most first; without the time in which nothing was done. */
export function hottest({ nodes, samples, timeDeltas }: CpuProfile): Cost[] {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const costs = new Map<string, number>();
  for (const [place, node] of samples.entries()) {
    const name = names.get(node)!;
    costs.set(name, (costs.get(name) ?? 0) + timeDeltas[place]! / 1_000);
  }
  costs.delete('(idle)');
  return [...costs].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  return url === '' ? name : `${name} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}
