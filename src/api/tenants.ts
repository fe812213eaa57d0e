// What a key with a tenant may ask for: jobs of that tenant, with archives in a folder of its name in every store. So one
// look at a path tells whose archive it is.
import type { Fault } from '../core/faults.js';
import type { JobSpec } from '../core/spec.js';
import { RequestFaults } from './problems.js';

/** The spec as it will run. Throws `spec_invalid` where it reaches for what is another's. `at`: where in the body it stands. */
export function specOf(spec: JobSpec, tenant: string | null, at: Fault['path'] = []): JobSpec {
  if (tenant === null) return spec;
  const faults = [...tenantFaults(spec, tenant), ...archiveFaults(spec, tenant)];
  const placed = faults.map((fault) => ({ ...fault, path: [...at, ...fault.path] }));
  if (placed.length > 0) throw new RequestFaults('spec_invalid', placed);
  return withTenant(spec, tenant);
}

function tenantFaults({ options }: JobSpec, tenant: string): Fault[] {
  if (options?.tenant === undefined || options.tenant === tenant) return [];
  return [{ path: ['options', 'tenant'], message: `the key is for ${tenant}: leave this out` }];
}

function archiveFaults(spec: JobSpec, tenant: string): Fault[] {
  return archivesOf(spec)
    .filter(({ archive }) => !isWithin(archive, tenant))
    .map(({ path }) => ({ path, message: `the key reads archives below ${tenant}/ only` }));
}

/** Every archive that the job would read. */
function archivesOf(spec: JobSpec): { readonly path: string[]; readonly archive: string }[] {
  const places = [
    [['source', 'archive'], 'archive' in spec.source ? spec.source.archive : undefined],
    [['options', 'base'], spec.kind === 'backup' ? spec.options?.base : undefined],
    [['options', 'against', 'archive'], spec.kind === 'verify' ? spec.options?.against?.archive : undefined],
  ] as const;
  return places.flatMap(([path, archive]) => (archive === undefined ? [] : [{ path: [...path], archive }]));
}

function withTenant(spec: JobSpec, tenant: string): JobSpec {
  switch (spec.kind) {
    case 'backup':
      return { ...spec, sink: within(spec.sink, tenant), options: { ...spec.options, tenant } };
    case 'export':
      return { ...spec, sink: within(spec.sink, tenant), options: { ...spec.options, tenant } };
    case 'verify':
      return { ...spec, options: { ...spec.options, tenant } };
    case 'restore':
      return { ...spec, options: { ...spec.options, tenant } };
    case 'copy':
      return { ...spec, options: { ...spec.options, tenant } };
  }
}

function within<Sink extends { readonly prefix?: string | undefined }>(sink: Sink, tenant: string): Sink {
  const { prefix } = sink;
  if (prefix !== undefined && isWithin(`${prefix}/`, tenant)) return sink;
  return { ...sink, prefix: prefix === undefined ? tenant : `${tenant}/${prefix}` };
}

/** Whether what lies at the path is there for a tenant; null: all is. */
export function isReachable(path: string, tenant: string | null): boolean {
  return tenant === null || isWithin(path, tenant);
}

function isWithin(place: string, tenant: string): boolean {
  return place.startsWith(`${tenant}/`);
}
