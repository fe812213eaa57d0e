// The requests by which a server makes an object of another one, whose bytes stay where they are.
import type { S3Connection } from '../../config/s3.js';
import type { Context } from '../../core/connector.js';
import type { About, ListedObject } from '../objects/tree.js';
import { fieldsOf, keepingOf } from './about.js';
import type { S3Client } from './client.js';
import { conditionOf, partNumberOf } from './target.js';
import type { Upload } from './uploads.js';

/** Both clients are of one service; the target's sends the requests. `root`: what the keys of the stream begin with. */
export interface CopierOptions {
  readonly from: { readonly bucket: string; readonly root: string };
  readonly to: { readonly client: S3Client; readonly root: string; readonly config: S3Connection };
  readonly replace: boolean;
}

/** Each throws what requests throw: `PreconditionFailed` where the source has changed, or the target is there. */
export interface S3Copier {
  whole(ctx: Context, object: ListedObject): Promise<void>;
  /** The id of an upload that parts are copied into. */
  begin(ctx: Context, object: ListedObject, about: About): Promise<string>;
  part(
    ctx: Context,
    object: ListedObject,
    upload: Upload,
    place: { readonly offset: number; readonly length: number },
  ): Promise<void>;
  /** What has the key in the target: as a listing shows it. */
  see(ctx: Context, key: string): Promise<{ readonly size: number; readonly version: string }>;
}

export function createS3Copier({ from, to, replace }: CopierOptions): S3Copier {
  const { client, config } = to;
  const keyOf = (key: string): string => to.root + key;

  const sourceOf = ({ key, version }: ListedObject) => ({
    CopySource: encoded(`${from.bucket}/${from.root}${key}`),
    ...(version !== '' && { CopySourceIfMatch: version }),
  });

  /** An object without tags takes those of the connection. */
  async function taggingOf(ctx: Context, { key }: ListedObject) {
    if (!config.tags) return {};
    const input = { Bucket: from.bucket, Key: from.root + key };
    const { TagSet = [] } = await client.send(
      `read the tags of ${key}`,
      (s3, options) => s3.getObjectTagging(input, options),
      ctx,
    );
    if (TagSet.length > 0) return {};
    return {
      TaggingDirective: 'REPLACE' as const,
      Tagging: new URLSearchParams(config.tags).toString(),
    };
  }

  return {
    async whole(ctx, object) {
      const input = {
        Bucket: client.bucket,
        Key: keyOf(object.key),
        ...sourceOf(object),
        ...keepingOf(config),
        ...(await taggingOf(ctx, object)),
        ...conditionOf(replace),
      };
      await client.send(`copy ${object.key}`, (s3, options) => s3.copyObject(input, options), ctx);
    },

    async begin(ctx, { key }, about) {
      const input = { ...fieldsOf(about, config), Bucket: client.bucket, Key: keyOf(key) };
      const { UploadId = '' } = await client.send(
        `copy ${key}`,
        (s3, options) => s3.createMultipartUpload(input, options),
        ctx,
      );
      return UploadId;
    },

    async part(ctx, object, upload, { offset, length }) {
      const input = {
        ...upload,
        ...sourceOf(object),
        PartNumber: partNumberOf({ size: object.size, offset }),
        CopySourceRange: `bytes=${offset}-${offset + length - 1}`,
      };
      await client.send(`copy ${object.key}`, (s3, options) => s3.uploadPartCopy(input, options), ctx);
    },

    async see(ctx, key) {
      const input = { Bucket: client.bucket, Key: keyOf(key) };
      const found = await client.send(`see ${key}`, (s3, options) => s3.headObject(input, options), ctx);
      return { size: found.ContentLength ?? 0, version: found.ETag ?? '' };
    },
  };
}

/** As the header wants it: encoded as in a URL, the slashes of the key left as they are. */
function encoded(source: string): string {
  return source.split('/').map(encodeURIComponent).join('/');
}
