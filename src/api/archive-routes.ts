// The routes to what is in the stores.
import { createRoute } from '@hono/zod-openapi';
import * as contract from './archive-contracts.js';
import { badRequest, failed, json, problem, refused } from './routes.js';

const unread = {
  503: problem(
    'The store cannot be read from here (`source_unreachable`, `sink_unwritable`, `config_invalid` and others).',
  ),
};

export const listArchives = createRoute({
  method: 'get',
  path: '/v1/archives',
  operationId: 'listArchives',
  tags: ['archives'],
  summary: 'List the archives and exports in the stores',
  description: 'By connection, then by path. Only what was sealed is there.',
  request: { query: contract.archiveQuery },
  responses: {
    200: json(contract.archivePage, 'A page of archives.'),
    ...badRequest,
    404: problem('No such connection (`connection_unknown`).'),
    422: problem('The connection holds no archives (`connection_unsuitable`).'),
    ...refused,
    ...failed,
    ...unread,
  },
});

/** The document has no way to say that `path` takes slashes. */
export const showArchive = createRoute({
  method: 'get',
  path: '/v1/archives/{connection}/{path}',
  operationId: 'showArchive',
  tags: ['archives'],
  summary: 'Show an archive or export',
  description: '`path` is the folder in the connection, with its slashes. All streams are shown.',
  request: { params: contract.archivePlace },
  responses: {
    200: json(contract.archive, 'What it says of itself.'),
    404: problem(
      'Nothing was sealed there (`archive_missing`), no such connection (`connection_unknown`), or one that holds no archives (`connection_unsuitable`).',
    ),
    ...refused,
    ...failed,
    502: problem('It is not as it was written (`archive_damaged`, `archive_unsupported`).'),
    ...unread,
  },
});

export const removeArchive = createRoute({
  method: 'delete',
  path: '/v1/archives/{connection}/{path}',
  operationId: 'removeArchive',
  tags: ['archives'],
  summary: 'Remove an archive',
  description: 'Waits up to 15 s for it. Sent again it goes on waiting.',
  request: { params: contract.archivePlace },
  responses: {
    202: {
      description: 'It is no archive any more, and a worker is removing its files; or waits for a worker.',
    },
    204: { description: 'It is gone.' },
    404: problem('There is no such archive (`archive_missing`) or connection (`connection_unknown`).'),
    409: problem('Another archive refers to it, or a job uses it (`archive_needed`).'),
    ...refused,
    ...failed,
    502: problem('What was found in its place is not as it was written (`archive_damaged` and others).'),
    503: problem(
      'Temporal (`temporal_unreachable`, `temporal_unprepared`) or the store cannot be used (`sink_unwritable` and others).',
    ),
  },
});
