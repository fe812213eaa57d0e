// The fields of the form that starts a job, kind by kind: the same that POST /v1/jobs takes, each by its path in there.
import type { Connection } from '../api.js';
import type { JobKind } from '../../core/job.js';

type Role = Connection['roles'][number];

interface Common {
  /** In the body: `source.connection`. The API names faults by it. */
  readonly path: string;
  readonly label: string;
  readonly help?: string;
  readonly required?: boolean;
}

export type Field = Common &
  (
    | { readonly type: 'connection'; readonly roles: readonly Role[] }
    /** `of`: the path of the connection that holds it. */
    | { readonly type: 'archive'; readonly of: string; readonly isBase?: boolean }
    | { readonly type: 'streams' | 'text' | 'number' | 'flag' | 'json' }
    | { readonly type: 'choice'; readonly choices: readonly string[] }
  );

export interface Section {
  readonly title: string;
  readonly fields: readonly Field[];
  /** Most jobs need none of it. */
  readonly folded?: boolean;
}

const number = (path: string, label: string, help: string): Field => ({ path, label, help, type: 'number' });
const text = (path: string, label: string, help: string): Field => ({ path, label, help, type: 'text' });
const flag = (path: string, label: string, help: string): Field => ({ path, label, help, type: 'flag' });
const choice = (path: string, label: string, choices: readonly string[], help = ''): Field => ({
  path,
  label,
  help,
  type: 'choice',
  choices,
});

/** `both`: what becomes of the two. */
const mode = (both: string): Field =>
  choice('sink.mode', 'Where a key is there already', ['insert', 'upsert'], both);

const source = (...roles: Role[]): Field => ({
  path: 'source.connection',
  label: 'Source',
  required: true,
  type: 'connection',
  roles,
});
const sink = (role: Role): Field => ({ ...source(role), path: 'sink.connection', label: 'Sink' });
const archive: Field = {
  path: 'source.archive',
  label: 'Archive',
  help: 'Its place in the source: nightly/backup-crm-…',
  type: 'archive',
  of: 'source.connection',
};
const base: Field = {
  path: 'options.base',
  label: 'Base',
  help: 'An archive of the same objects, in the sink: what has not changed since is not read again. Default: none.',
  type: 'archive',
  of: 'sink.connection',
  isBase: true,
};
const streams: Field = {
  path: 'source.streams',
  label: 'Streams',
  help: 'None chosen means all.',
  type: 'streams',
};
const prefix = text('sink.prefix', 'Folder', 'In the connection. Default: none.');

const lanes = number('options.lanes', 'Lanes', 'Partitions worked on at once. Default 4.');
const pageSize = number('options.pageSize', 'Page size', 'Records asked for at once.');
const checkpoint = [
  number('options.checkpoint.seconds', 'Checkpoint: seconds', 'At the latest after so long. Default 10.'),
  number('options.checkpoint.bytes', 'Checkpoint: bytes', 'Or after so much. Default 16777216.'),
  number('options.checkpoint.pages', 'Checkpoint: pages', 'Or after so many; 1 for every page.'),
];
const compression = choice('options.compression', 'Compression', ['zstd', 'gzip', 'none']);
const rejects = number(
  'options.rejects.max',
  'Rejects',
  'Records that may be set aside instead of ending the job. Default 0.',
);
const skipDamaged = flag('options.skipDamaged', 'Skip what is damaged', 'Counts it as rejects.');
const tenant = text('options.tenant', 'Tenant', 'Whose job it is, to filter by.');

export const FORMS: Readonly<Record<JobKind, readonly Section[]>> = {
  backup: [
    { title: 'From', fields: [source('source'), streams] },
    {
      title: 'To',
      fields: [
        sink('sink'),
        prefix,
        text('sink.archive', 'Name of the archive', 'Default: the id of the job.'),
        base,
      ],
    },
    {
      title: 'Options',
      folded: true,
      fields: [lanes, pageSize, ...checkpoint, compression, rejects, tenant],
    },
  ],
  export: [
    { title: 'From', fields: [source('source', 'sink'), archive, streams] },
    {
      title: 'To',
      fields: [
        sink('sink'),
        { ...choice('options.format', 'Format', ['jsonl', 'csv', 'parquet']), required: true },
        prefix,
        text('sink.name', 'Name of the files’ folder', 'Default: the id of the job.'),
      ],
    },
    {
      title: 'Options',
      folded: true,
      fields: [
        number(
          'options.fileBytes',
          'Bytes a file',
          'Closes a file when it has so many. Default: one a stream.',
        ),
        compression,
        skipDamaged,
        rejects,
        lanes,
        pageSize,
        ...checkpoint,
        tenant,
      ],
    },
  ],
  verify: [
    { title: 'Archive', fields: [source('sink'), { ...archive, required: true }, streams] },
    {
      title: 'Compare with',
      fields: [
        {
          path: 'options.against.connection',
          label: 'Connection to compare with',
          help: 'Left out: the archive is read alone.',
          type: 'connection',
          roles: ['source', 'sink'],
        },
        {
          ...archive,
          path: 'options.against.archive',
          label: 'Archive to compare with',
          of: 'options.against.connection',
        },
      ],
    },
    {
      title: 'Options',
      folded: true,
      fields: [
        text('options.sample', 'Sample', 'Reads so many of the segments: 10%. Default: all of them.'),
        lanes,
        tenant,
      ],
    },
  ],
  restore: [
    { title: 'From', fields: [source('sink'), { ...archive, required: true }, streams] },
    {
      title: 'To',
      fields: [
        sink('target'),
        mode('insert makes the record a reject, upsert replaces the other.'),
        flag('sink.create', 'Make missing tables', 'As the archive describes them.'),
        flag('options.dryRun', 'Dry run', 'Reads and checks everything, writes nothing.'),
      ],
    },
    {
      title: 'Options',
      folded: true,
      fields: [
        rejects,
        skipDamaged,
        {
          path: 'source.keys',
          label: 'Keys',
          help: 'JSON, of one stream: {"from": [1], "to": [100]}',
          type: 'json',
        },
        text('source.rejectsOf', 'Only the rejects of', 'The id of a restore of the same archive.'),
        {
          path: 'options.remap',
          label: 'New ids',
          help: 'JSON: {"contacts.account_id": "accounts.id"}',
          type: 'json',
        },
        lanes,
        ...checkpoint,
        tenant,
      ],
    },
  ],
  copy: [
    { title: 'From', fields: [source('source'), streams] },
    {
      title: 'To',
      fields: [sink('target'), mode('insert makes another object a reject, upsert replaces it.')],
    },
    { title: 'Options', folded: true, fields: [rejects, lanes, pageSize, ...checkpoint, tenant] },
  ],
};

export function fieldsOf(kind: JobKind): Field[] {
  return FORMS[kind].flatMap(({ fields }) => fields);
}
