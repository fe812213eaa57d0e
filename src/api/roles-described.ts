// Writes into the OpenAPI document which key each route needs, as roles.ts has it.
import { LEAST, type Least } from './roles.js';

type Operation = Record<string, unknown>;

/** The document with `security` at each operation; OpenAPI 3.1 names the role in the list of a scheme. */
export function withRoles<T extends { readonly paths?: object | undefined }>(document: T): T {
  const paths = Object.entries(document.paths ?? {}).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods as Record<string, Operation>).map(([method, operation]) => [
        method,
        {
          ...operation,
          security: securityOf(LEAST[`${method === 'head' ? 'GET' : method.toUpperCase()} ${path}`]),
        },
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) as T['paths'] };
}

function securityOf(least: Least = 'admin'): object[] {
  return least === 'nobody' ? [] : [{ bearer: [least] }, { session: [least] }];
}
