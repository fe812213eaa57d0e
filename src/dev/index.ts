// What the rest of Longhaul takes from the launcher.
export { loadDeclaration } from './declaration.js';
export type { TemporalDeclaration } from './declaration.js';
export { ensureSearchAttributes } from './registration.js';
export { runDev } from './run.js';
export type { DevOptions } from './run.js';
