// `longhaul`: worker and web tier as parts of one's own processes (docs/library.md).
export { createWorker, type WorkerSettings } from './worker/create.js';
export { workflowBundle } from './worker/bundle.js';
export { createConnections } from './worker/connections.js';
export { createOwnConnectors, type Makers, type OwnConnectors } from './worker/own-connectors.js';
export { systemClock } from './activities/clock.js';
export type { ActivityDeps } from './activities/deps.js';
export type { AccessConfig } from './api/access.js';
export { createApp, type App, type AppDeps } from './api/app.js';
export { loadDashboard } from './api/dashboard.js';
export { createStores, type Stores } from './api/stores.js';
export { loadConfig, type LoadOptions } from './config/load.js';
export { publicConnections, type PublicConnection } from './config/public.js';
export type { Config } from './config/schema.js';
export { LonghaulError, type ErrorCode } from './core/errors.js';
export type { Job } from './core/job.js';
export type { JobSpec } from './core/spec.js';
export { VERSION } from './core/version.js';
