// What a process has used of the machine, as Linux counts it.
import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second wherever Node runs. */
const TICKS_A_SECOND = 100;

/** User and system time of all threads since it began; NaN where there is no /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the command, which may hold anything, ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
