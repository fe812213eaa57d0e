// What S3 knows of an object beside its key and bytes, as an entry keeps it, and as a request that writes it says it.
import type { GetObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Connection } from '../../config/s3.js';
import type { Context } from '../../core/connector.js';
import type { ObjectEntry } from '../../records/tar/entry.js';
import type { About } from '../objects/tree.js';
import type { S3Client } from './client.js';

/** Headers of an object, and what the SDK calls them. */
const HEADERS = {
  'content-type': 'ContentType',
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'x-amz-website-redirect-location': 'WebsiteRedirectLocation',
} as const;

type Named = Pick<GetObjectCommandOutput, (typeof HEADERS)[keyof typeof HEADERS]>;

/** `all`: with what stands at the first piece only. Tags take a request of their own, where there are any. */
export async function aboutObject(
  ctx: Context,
  client: S3Client,
  key: string,
  answer: GetObjectCommandOutput,
  all: boolean,
): Promise<About> {
  const mtime = String((answer.LastModified?.getTime() ?? 0) / 1_000);
  if (!all) return { mtime };
  const tags = answer.TagCount ? await tagsOf(ctx, client, key) : {};
  const { VersionId, Metadata = {} } = answer;
  return {
    mtime,
    headers: headersOf(answer),
    ...(Object.keys(Metadata).length > 0 && { metadata: Metadata }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(VersionId !== undefined && VersionId !== 'null' && { versionId: VersionId }),
  };
}

function headersOf(answer: Named): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [header, name] of Object.entries(HEADERS)) {
    const value = answer[name];
    if (value !== undefined) headers[header] = value;
  }
  return headers;
}

async function tagsOf(ctx: Context, client: S3Client, key: string): Promise<Record<string, string>> {
  const input = { Bucket: client.bucket, Key: key };
  const { TagSet = [] } = await client.send(
    `read the tags of ${key}`,
    (s3, options) => s3.getObjectTagging(input, options),
    ctx,
  );
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}

type Fields = Pick<
  PutObjectCommandInput,
  keyof Named | 'Metadata' | 'Tagging' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass'
>;

/** The object's own tags; where it has none, those of the connection. */
export function fieldsOf(
  { headers = {}, metadata, tags }: Pick<ObjectEntry, 'headers' | 'metadata' | 'tags'>,
  config: S3Connection,
): Fields {
  const tagging = tags ?? config.tags;
  const named: Partial<Record<keyof Named, string>> = {};
  for (const [header, name] of Object.entries(HEADERS)) {
    const value = headers[header];
    if (value !== undefined) named[name] = value;
  }
  return {
    ...named,
    ...(metadata && { Metadata: metadata }),
    ...(tagging && { Tagging: new URLSearchParams(tagging).toString() }),
    ...keepingOf(config),
  };
}

/** How the connection wants an object to be kept. */
export function keepingOf({ encryption, storageClass }: S3Connection) {
  return {
    ...(encryption && { ServerSideEncryption: encryption.type }),
    ...(encryption && 'keyId' in encryption && { SSEKMSKeyId: encryption.keyId }),
    // The server takes classes that this version of the SDK does not know.
    ...(storageClass && { StorageClass: storageClass as 'STANDARD' }),
  };
}
