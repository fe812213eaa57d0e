// A copy from bucket to bucket whose bytes stay with the server that has both.
import type { S3Connection } from '../../config/s3.js';
import { LonghaulError } from '../../core/errors.js';
import type { CopyEnds, SinkOptions, SourceOptions } from '../../core/registry.js';
import { createCopiedSink } from '../objects/copied.js';
import { copiedPieceBytes } from '../objects/pieces.js';
import { createShare } from '../objects/share.js';
import { createObjectSource } from '../objects/source.js';
import type { S3Client } from './client.js';
import { createS3Copier } from './copier.js';
import { createS3CopyTree } from './copy-tree.js';
import { persistent } from './persistence.js';
import { createS3Target } from './target.js';
import { createS3Tree } from './tree.js';
import { createUploadNotes } from './uploads.js';

/** One side of a copy. */
export interface S3Side {
  readonly name: string;
  readonly client: S3Client;
  readonly config: S3Connection;
}

/** Of each connection with its streams, which both sides have to have. */
const CONCURRENCY = 16;
/** Of all lanes in this process: what passes through it where the server does not copy. */
const HELD_BYTES = 67_108_864;

/** Whether one server has both. */
export function isSameService(one: S3Connection, other: S3Connection): boolean {
  return one.endpoint === other.endpoint;
}

export function createServerCopy(
  from: S3Side,
  to: S3Side,
  { pageSize }: SourceOptions,
  options: SinkOptions,
): CopyEnds {
  const replace = options.mode === 'upsert';
  const notes = createUploadNotes(options.beside);
  const share = createShare(HELD_BYTES);
  const way = { byServer: true };
  const target = (stream: string) =>
    createS3Target(persistent(to.client), to.config, prefixOf(to, stream), options);

  const tree = (stream: string) => {
    const root = rootOf(to, stream);
    const side = { client: to.client, root };
    return createS3CopyTree({
      from: createS3Tree(from.client, prefixOf(from, stream)),
      there: createS3Tree(to.client, prefixOf(to, stream)),
      target: target(stream),
      copier: createS3Copier({
        from: { bucket: from.client.bucket, root: rootOf(from, stream) },
        to: { ...side, config: to.config },
        replace,
      }),
      notes,
      to: side,
      replace,
      share,
      way,
    });
  };

  return {
    source: createObjectSource({
      connection: from.name,
      streams: from.config.streams ?? {},
      concurrency: CONCURRENCY,
      pageSize,
      tree,
      pieceBytes: copiedPieceBytes,
    }),
    sink: createCopiedSink({
      connection: to.name,
      streams: to.config.streams ?? {},
      target,
      expectFit: (stream) => expectApart(from, to, stream),
    }),
  };
}

const prefixOf = ({ config }: S3Side, stream: string): string => config.streams?.[stream]?.prefix ?? '';
const rootOf = (side: S3Side, stream: string): string => side.client.root + prefixOf(side, stream);

/** Below its own source a copy would find what it has made, and copy that. */
function expectApart(from: S3Side, to: S3Side, stream: string): void {
  const isWithin =
    from.client.bucket === to.client.bucket && rootOf(to, stream).startsWith(rootOf(from, stream));
  if (!isWithin) return;
  throw new LonghaulError(
    'connection_unsuitable',
    `Stream ${stream} of ${to.name} lies within that of ${from.name}: it would be copied into itself.`,
    { hint: 'Copy into another bucket, or below a prefix outside of the source.' },
  );
}
