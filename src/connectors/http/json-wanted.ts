// What a scan of a JSON text is looking for, and where it stands on the way there. Depth counts open containers.

/** A place in the scanned bytes: from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Target {
  readonly names: readonly string[];
  /** How many leading names the scanner's position agrees with. */
  matched: number;
  start: number;
  /** -1: not found, or not whole yet. */
  end: number;
  isArray: boolean;
}

/** Follows a scanner and notes the elements of one list and the spans of some values. Of repeated names the last counts. */
export class Wanted {
  /** Below this depth nothing can be on a wanted path: the scanner need not ask. */
  readonly deepest: number;
  /** Depth of the list's elements while it is open, or -1. */
  elementDepth = -1;
  /** Start and end of each element in turn. */
  readonly elements: number[] = [];
  private readonly list: Target;
  private readonly targets: readonly Target[];

  constructor(listPath: string, valuePaths: readonly string[]) {
    this.targets = [listPath, ...valuePaths].map(toTarget);
    this.list = this.targets[0]!;
    this.deepest = Math.max(...this.targets.map((target) => target.names.length));
  }

  /** A member's name was read in the innermost container. */
  name(depth: number, name: string): void {
    for (const target of this.targets) {
      target.matched = Math.min(target.matched, depth - 1);
      if (target.matched !== depth - 1 || target.names[depth - 1] !== name) continue;
      target.matched = depth;
      target.end = -1;
      target.isArray = false;
    }
  }

  /** A value begins. */
  begin(depth: number, at: number, isArray: boolean): void {
    for (const target of this.targets) {
      if (!isHere(target, depth)) continue;
      target.start = at;
      target.isArray = isArray;
      if (target !== this.list) continue;
      this.elements.length = 0;
      this.elementDepth = isArray ? depth + 1 : -1;
    }
  }

  /** The value that began last at this depth ends before `at`. */
  end(depth: number, at: number): void {
    for (const target of this.targets) {
      if (!isHere(target, depth)) continue;
      target.end = at;
      if (target === this.list) this.elementDepth = -1;
    }
  }

  foundElements(): readonly number[] | null {
    return this.list.isArray ? this.elements : null;
  }

  foundValues(): (Span | null)[] {
    return this.targets.slice(1).map(({ start, end }) => (end < 0 ? null : { start, end }));
  }
}

function toTarget(path: string): Target {
  const names = path === '' ? [] : path.split('.');
  return { names, matched: 0, start: -1, end: -1, isArray: false };
}

/** Whether the value at this depth is the one a target names. */
function isHere(target: Target, depth: number): boolean {
  return target.names.length === depth && target.matched === depth;
}
