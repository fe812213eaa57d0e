// Makes a Temporal namespace ready for Longhaul: it exists, remembers long enough, and knows the search attributes.
// Serves the development server and, by `longhaul setup`, a real cluster. Harmless when repeated.
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import type { TemporalDeclaration } from './declaration.js';

type Registered = Pick<TemporalDeclaration, 'namespace' | 'retentionDays' | 'searchAttributes'>;

/** The numbers of Temporal's IndexedValueType. */
const TYPES = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const VISIBLE_WITHIN_MS = 30_000;

/** Creates the namespace or sets its retention, then registers what search attributes it lacks. */
export async function ensureNamespace(connection: Connection, wanted: Registered): Promise<void> {
  const retention = { seconds: wanted.retentionDays * 86_400 };
  if (await namespaceExists(connection, wanted.namespace))
    await setRetention(connection, wanted.namespace, retention);
  else await register(connection, wanted.namespace, retention);
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
  const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  await untilVisible(connection, namespace, wanted);
  return missing.map(([name]) => name);
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

async function namespaceExists(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch (error) {
    if (hasCode(error, NOT_FOUND)) return false;
    throw error;
  }
}

async function setRetention(connection: Connection, namespace: string, retention: { seconds: number }) {
  const config = { workflowExecutionRetentionTtl: retention };
  await connection.workflowService.updateNamespace({ namespace, config });
}

async function register(connection: Connection, namespace: string, retention: { seconds: number }) {
  try {
    const workflowExecutionRetentionPeriod = retention;
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
  }
}

function hasCode(error: unknown, code: number): boolean {
  return (error as { code?: unknown }).code === code;
}
