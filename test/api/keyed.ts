// An API with keys: one of each role, and two that belong to tenants.
import type { AccessConfig } from '../../src/api/access.js';
import type { AppDeps } from '../../src/api/app.js';
import type { AuditLine } from '../../src/api/audit.js';
import { hashOfKey, newKey, type KeyConfig } from '../../src/config/keys.js';
import type { KeyRole } from '../../src/core/key-roles.js';
import type { TestTemporal } from '../support/temporal.js';
import { apiOn, OPEN, type Api } from './fixture.js';

const made = (name: string, role: KeyRole, tenant?: string) => {
  const key = newKey();
  const config: KeyConfig = { name, role, ...(tenant !== undefined && { tenant }), hash: hashOfKey(key) };
  return { key, config };
};

const ALL = {
  viewer: made('vera', 'viewer'),
  operator: made('otto', 'operator'),
  admin: made('ada', 'admin'),
  acme: made('acme-ci', 'operator', 'acme'),
  globex: made('globex-ci', 'admin', 'globex'),
} as const;
type Name = keyof typeof ALL;

export const KEYS = Object.fromEntries(Object.entries(ALL).map(([name, { key }]) => [name, key])) as Record<
  Name,
  string
>;
export const as = (name: Name) => ({ authorization: `Bearer ${KEYS[name]}` });

export interface Keyed extends Api {
  readonly audited: readonly AuditLine[];
  /** Refusals of keys that were logged. */
  readonly refused: readonly object[];
}

/** Called as the admin, where a request says nothing else. */
export function keyedApi(
  temporal: Pick<TestTemporal, 'client'>,
  changes: Partial<AppDeps> = {},
  access: Partial<AccessConfig> = {},
): Keyed {
  const audited: AuditLine[] = [];
  const refused: object[] = [];
  const config: AccessConfig = {
    ...OPEN,
    keys: Object.values(ALL).map((each) => each.config),
    hosts: ['longhaul.example'],
    audit: (line) => void audited.push(line),
    logRefusal: (refusal) => void refused.push(refusal),
    ...access,
  };
  return { ...apiOn(temporal, { ...changes, access: config }, KEYS.admin), audited, refused };
}
