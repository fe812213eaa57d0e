// npm starts us by a shell, and a signal to npm ends that shell but not us. So we see to it ourselves.

const LOOK_EVERY_MS = 300;
const parent = process.ppid;

/** Under npm or npx: sends this process SIGHUP when the one that started it is gone. */
export function endWithNpm() {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGHUP');
  }, LOOK_EVERY_MS);
  look.unref();
}
