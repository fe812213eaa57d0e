// How much memory a process has taken at its peak, as Linux counts it.
import { readFile } from 'node:fs/promises';

export const canMeasureMemory = process.platform === 'linux';

/** Bytes of resident memory at the highest since the process began. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status says nothing of VmHWM`);
  return Number(kilobytes) * 1_024;
}
