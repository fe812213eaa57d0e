// Ctrl-C and its kin: the first asks for an orderly end, a later one for an end at once.

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Called at a later one. */
  readonly onForce: (listener: () => void) => void;
  close(): void;
}

/** npm hands on a Ctrl-C that the terminal has sent us as well: two within this time are one. */
const SAME_MS = 500;
const ASKED = ['SIGINT', 'SIGTERM'] as const;

export function listenForInterrupts(): Interrupts {
  const first = new AbortController();
  const listeners: (() => void)[] = [];
  let firstAt = Infinity;
  /** The terminal, or npm, is gone: nobody is there to ask twice. */
  const hangUp = (): void => first.abort();
  const ask = (): void => {
    if (performance.now() - firstAt > SAME_MS) for (const listener of listeners) listener();
    if (!first.signal.aborted) firstAt = performance.now();
    first.abort();
  };
  for (const name of ASKED) process.on(name, ask);
  process.on('SIGHUP', hangUp);
  return {
    signal: first.signal,
    onForce: (listener) => void listeners.push(listener),
    close: () => {
      for (const name of ASKED) process.off(name, ask);
      process.off('SIGHUP', hangUp);
    },
  };
}
