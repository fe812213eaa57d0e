// Makes a Temporal namespace ready for Longhaul: it exists, remembers long enough, and knows the search attributes.
// Serves the development server and, by `longhaul setup`, a real cluster. Harmless when repeated.
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { TemporalDeclaration } from './declaration.js';

type Registered = Pick<TemporalDeclaration, 'namespace' | 'retentionDays' | 'searchAttributes'>;

type Retention = ReturnType<typeof msToTs>;

/** The numbers of Temporal's IndexedValueType. */
const TYPES = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const;
const ALREADY_EXISTS = 6;
const VISIBLE_WITHIN_MS = 30_000;

/** Creates the namespace or sets its retention, then registers what search attributes it lacks. */
export async function ensureNamespace(connection: Connection, wanted: Registered): Promise<void> {
  const retention = msToTs(wanted.retentionDays * 86_400_000);
  const isNew = await register(connection, wanted.namespace, retention);
  if (!isNew) await setRetention(connection, wanted.namespace, retention);
  await ensureSearchAttributes(connection, wanted.namespace, wanted.searchAttributes);
}

/** Returns the names that it had to add. They can be used once this resolves. */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  wanted: Registered['searchAttributes'],
): Promise<readonly string[]> {
  const missing = await missingAttributes(connection, namespace, wanted);
  if (missing.length === 0) return [];
  await addSearchAttributes(connection, namespace, Object.fromEntries(missing));
  await untilVisible(connection, namespace, wanted);
  return missing.map(([name]) => name);
}

/** Without a look at what is there: for Temporal's test server, which cannot list. */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  wanted: Registered['searchAttributes'],
): Promise<void> {
  const searchAttributes = Object.fromEntries(
    Object.entries(wanted).map(([name, type]) => [name, TYPES[type]]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}

async function missingAttributes(
  connection: Connection,
  namespace: string,
  wanted: Registered['searchAttributes'],
) {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(wanted).filter(([name]) => !Object.hasOwn(customAttributes, name));
}

async function untilVisible(
  connection: Connection,
  namespace: string,
  wanted: Registered['searchAttributes'],
): Promise<void> {
  const deadline = performance.now() + VISIBLE_WITHIN_MS;
  while ((await missingAttributes(connection, namespace, wanted)).length > 0) {
    if (performance.now() > deadline)
      throw new Error('Temporal took the search attributes but does not list them');
    await delay(50);
  }
}

async function setRetention(connection: Connection, namespace: string, retention: Retention): Promise<void> {
  const config = { workflowExecutionRetentionTtl: retention };
  await connection.workflowService.updateNamespace({ namespace, config });
}

/** False where it exists. Asking first would have the server remember for a second that there is none. */
async function register(connection: Connection, namespace: string, retention: Retention): Promise<boolean> {
  try {
    const workflowExecutionRetentionPeriod = retention;
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return false;
    throw error;
  }
}
