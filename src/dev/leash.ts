// Ends a process when this one is gone, however it went. For programs that know nothing of us; our own processes end
// by themselves when their IPC channel breaks.
import { spawn } from 'node:child_process';
import { signal } from './processes.js';

/** Waits for the pipe from the launcher to close, which the system does even after SIGKILL. */
const WAIT_AND_END = 'cat >/dev/null; kill -TERM "$0"';

/** Returns what takes the leash off: call it when the process has ended, before its pid can be another's. */
export function leash(pid: number): () => void {
  if (process.platform === 'win32') return () => {};
  const guard = spawn('/bin/sh', ['-c', WAIT_AND_END, String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {}); // no shell, no leash: the next start finds what was left behind
  const { pid: group } = guard;
  return () => group !== undefined && signal(-group, 'SIGKILL');
}
