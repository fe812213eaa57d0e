// Whether the form asks for a field, by the connections that are chosen. What was typed is never hidden: it would be sent.
import type { Connection } from '../api.js';
import type { Field } from './fields.js';
import type { Values } from './values.js';

type ArchiveField = Extract<Field, { type: 'archive' }>;

export function isAsked(field: Field, values: Values, connections: readonly Connection[]): boolean {
  if (field.type !== 'archive' || (values[field.path] ?? '') !== '') return true;
  const chosen = (path: string) => connections.find(({ name }) => name === values[path]);
  return field.isBase ? holdsObjects(chosen('source.connection')) : mayHold(field, chosen(field.of));
}

/** Where the connection holds some, or where none was chosen and there must be one. */
function mayHold({ required }: ArchiveField, chosen: Connection | undefined): boolean {
  return chosen ? chosen.roles.includes('sink') : required === true;
}

/** A place of archives that can be read from as well has streams of objects. */
function holdsObjects(chosen: Connection | undefined): boolean {
  return chosen !== undefined && chosen.roles.includes('sink') && chosen.roles.includes('source');
}
