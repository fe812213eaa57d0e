// Comes before everything else in each worker of a chaos run: leads it to Temporal by the network that can be cut, and adds
// to its clock what the file of its process says, in ms.
import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const { CHAOS_TEMPORAL, CHAOS_CLOCKS } = process.env;
const LOOK_EVERY_MS = 100;

if (process.argv[2] === 'worker' && isMainThread) {
  process.env.TEMPORAL_ADDRESS = CHAOS_TEMPORAL;
  jump(join(CHAOS_CLOCKS, String(process.pid)));
}

/** Whoever asks for the time first, while it is another, leaves word of it beside the file. */
function jump(file) {
  let shift = 0;
  let felt = 0;
  const now = Date.now;
  Date.now = () => {
    if (shift !== felt) void writeFile(`${file}.felt`, String((felt = shift)));
    return now() + shift;
  };
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, as) => Reflect.construct(target, given.length > 0 ? given : [Date.now()], as),
  });
  const look = async () => (shift = Number(await readFile(file, 'utf8').catch(() => 0)));
  setInterval(() => void look(), LOOK_EVERY_MS).unref();
}
