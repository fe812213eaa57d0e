// The routes to what a job leaves in its store: what was set aside, and files.
import { createRoute, z } from '@hono/zod-openapi';
import * as contract from './result-contracts.js';
import { jobId } from './contracts.js';
import { always, badRequest, json, problem } from './routes.js';

const store = {
  502: problem(
    'The store does not hold what the job wrote there, or not any more as it was (`object_missing`, `archive_damaged`, `archive_unsupported`, `chain_broken`).',
  ),
  503: problem(
    'Temporal cannot be used (`temporal_unreachable`, `temporal_unprepared`), or the store cannot be read from here (`source_unreachable`, `sink_unwritable`, `config_invalid` and others).',
  ),
};
const unknown = {
  404: problem(
    'No such job (`job_unknown`), its archive is gone (`archive_missing`), or the connection of its store (`connection_unknown`).',
  ),
};
const unfinished = { 409: problem('The job has not completed (`job_state_conflict`).') };

export const listRejects = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/rejects',
  operationId: 'listRejects',
  tags: ['results'],
  summary: 'List the records that a job has set aside',
  description:
    'While the job runs and after it has ended; the latest of each partition first. A cursor stays good: what is set aside in a partition after its first page was read is not shown.',
  request: { params: jobId, query: contract.rejectQuery },
  responses: {
    200: json(contract.rejectPage, 'A page of rejects.'),
    ...badRequest,
    ...always,
    ...unknown,
    ...store,
  },
});

export const listDifferences = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/differences',
  operationId: 'listDifferences',
  tags: ['results'],
  summary: 'List what a comparison has found',
  description: 'Of a verify with `against` that has ended, in the order of streams, then of keys.',
  request: { params: jobId, query: contract.differenceQuery },
  responses: {
    200: json(contract.differencePage, 'A page of differences.'),
    ...badRequest,
    409: problem('The job compares nothing, or has not compared everything (`job_state_conflict`).'),
    ...always,
    ...unknown,
    ...store,
  },
});

export const listFiles = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/files',
  operationId: 'listFiles',
  tags: ['results'],
  summary: 'List the files that a completed job wrote',
  description:
    'Of a backup the archive: manifest.json, report.json, segments.jsonl, then the segments. Of an export export.json, then its files. A verify and a restore write none.',
  request: { params: jobId, query: contract.fileQuery },
  responses: {
    200: json(contract.filePage, 'A page of files.'),
    ...badRequest,
    ...unfinished,
    ...always,
    ...unknown,
    ...store,
  },
});

/** By the end of a file's name. */
export const FILE_TYPES = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  zst: 'application/zstd',
  gz: 'application/gzip',
} as const;
export const OTHER_TYPE = 'application/octet-stream';

const header = (description: string) => ({ description, schema: { type: 'string' as const } });
const fileHeaders = {
  'Accept-Ranges': header('`bytes`'),
  'Content-Disposition': header('`attachment`, with the name of the file.'),
  ETag: header('Strong: the sha256 of the whole file.'),
  'Repr-Digest': header('RFC 9530: the sha256 of the whole file, to be checked by whoever has it all.'),
};
const content = Object.fromEntries(
  [...Object.values(FILE_TYPES), OTHER_TYPE].map((type) => [type, { schema: z.unknown() }]),
);

const download = {
  path: '/v1/jobs/{id}/files/{path}',
  tags: ['results'],
  request: { params: contract.filePath, query: contract.filePlace, headers: contract.downloadHeaders },
};
const refused = {
  ...badRequest,
  404: problem(
    'No such job (`job_unknown`), no file of that path in its list (`file_unknown`), its archive is gone (`archive_missing`), or the connection of its store (`connection_unknown`).',
  ),
  ...unfinished,
  ...store,
};

export const downloadFile = createRoute({
  ...download,
  method: 'get',
  operationId: 'downloadFile',
  summary: 'Download a file',
  description: 'The bytes as they are stored, compressed where the file is. Nothing but what the list has.',
  responses: {
    ...always,
    200: { description: 'The file.', content, headers: fileHeaders },
    206: {
      description: 'The bytes that were asked for.',
      content,
      headers: { ...fileHeaders, 'Content-Range': header('`bytes FIRST-LAST/SIZE`') },
    },
    304: { description: 'The file is the one of `If-None-Match`.' },
    416: {
      ...problem('The file has no such bytes (`range_unsatisfiable`).'),
      headers: { 'Content-Range': header('`bytes */SIZE`') },
    },
    ...refused,
  },
});

export const headFile = createRoute({
  ...download,
  method: 'head',
  operationId: 'headFile',
  summary: 'Look at a file',
  description: 'The headers of its download.',
  responses: {
    200: { description: 'It is there.', headers: fileHeaders },
    304: { description: 'The file is the one of `If-None-Match`.' },
    ...Object.fromEntries(
      Object.entries({ ...always, ...refused }).map(([status, { description }]) => [status, { description }]),
    ),
  },
});
