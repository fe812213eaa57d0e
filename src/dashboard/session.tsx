// Who is logged in, for all that is shown: what their key does not allow is not offered.
import { createContext, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { suffices, type KeyRole } from '../core/key-roles.js';
import type { Session } from './api.js';

export const SessionContext = createContext<Session | null>(null);

/** Whether the key's role is this one or a larger one. */
export function useMay(least: KeyRole): boolean {
  const session = useContext(SessionContext);
  return session !== null && suffices(session.role, least);
}

interface MayProps {
  readonly role: KeyRole;
  readonly children: ComponentChildren;
}

/** Shows what is within to whoever may use it. */
export function May({ role, children }: MayProps) {
  return useMay(role) ? <>{children}</> : null;
}
