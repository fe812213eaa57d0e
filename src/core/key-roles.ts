// What a key of the API may do, each role what the ones before it may.
export const KEY_ROLES = ['viewer', 'operator', 'admin'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

export function suffices(role: KeyRole, least: KeyRole): boolean {
  return KEY_ROLES.indexOf(role) >= KEY_ROLES.indexOf(least);
}
