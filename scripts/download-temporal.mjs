// Has Temporal's SDK download one of Temporal's programs into a folder:
// `download-temporal.mjs cli|test-server VERSION FOLDER`, where VERSION is `vX.Y.Z` or `default`.
// The SDK downloads only to start a server, so it starts one, and ends it at once.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [artifact, version, downloadDir] = process.argv.slice(2);
try {
  const executable = { type: 'cached-download', downloadDir, version, ttl: '365 days' };
  const environment = await start({ server: { executable } });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${reasons(error).join(': ')}\n`);
  process.exitCode = 1;
}

function start(options) {
  return artifact === 'cli'
    ? TestWorkflowEnvironment.createLocal(options)
    : TestWorkflowEnvironment.createTimeSkipping(options);
}

function reasons(error) {
  return error instanceof Error ? [error.message, ...reasons(error.cause)] : [];
}
