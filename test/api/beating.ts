// A chunk that beats live figures, as a real one does, until it is told to stop.
import { CancelledFailure, Context } from '@temporalio/activity';
import type { CopyInput, Heartbeat } from '../../src/core/work.js';
import { NO_TALLIES, START } from '../../src/core/checkpoint.js';

export async function beatUntilStopped(
  { work }: CopyInput,
  figures: Partial<Heartbeat> | (() => Partial<Heartbeat>),
): Promise<void> {
  const { cancelled, heartbeat } = Context.current();
  const details = (): Heartbeat => ({
    stream: work.stream,
    checkpoint: work.checkpoint ?? START,
    delta: NO_TALLIES,
    rate: 0,
    wait: null,
    ...(typeof figures === 'function' ? figures() : figures),
  });
  const beats = setInterval(() => heartbeat(details()), 50);
  try {
    await cancelled;
  } catch (error) {
    if (!(error instanceof CancelledFailure)) throw error;
  } finally {
    clearInterval(beats);
  }
}
