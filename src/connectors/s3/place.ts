// Where one object goes, and how it is to be kept: what every request that writes it says.
import { randomUUID } from 'node:crypto';
import type { S3Connection } from '../../config/s3.js';
import type { S3Client } from './client.js';

export interface Place {
  readonly client: S3Client;
  /** The object's, for messages. */
  readonly path: string;
  /** Bucket, key, encryption, tags: the fields of PutObject and CreateMultipartUpload alike. */
  readonly fields: ReturnType<typeof fieldsOf>;
}

type Keeping = Pick<S3Connection, 'encryption' | 'tags' | 'storageClass'>;

/** In the metadata of an object: which write made it. */
const WRITTEN_BY = 'longhaul-write';

export function placeOf(client: S3Client, path: string, key: string, keeping: Keeping): Place {
  return { client, path, fields: fieldsOf(client.bucket, key, keeping) };
}

function fieldsOf(bucket: string, key: string, { encryption, tags, storageClass }: Keeping) {
  return {
    Bucket: bucket,
    Key: key,
    Metadata: { [WRITTEN_BY]: randomUUID() },
    ...(encryption && { ServerSideEncryption: encryption.type }),
    ...(encryption && 'keyId' in encryption && { SSEKMSKeyId: encryption.keyId }),
    ...(tags && { Tagging: new URLSearchParams(tags).toString() }),
    // The server takes classes that this version of the SDK does not know.
    ...(storageClass && { StorageClass: storageClass as 'STANDARD' }),
  };
}

/** Whether what is there now is of this very write: its answer may have been lost, and the request made again. */
export async function isWritten({ client, path, fields }: Place): Promise<boolean> {
  const { Bucket, Key, Metadata } = fields;
  const found = await client.send(`see ${path}`, (s3, options) => s3.headObject({ Bucket, Key }, options));
  return found.Metadata?.[WRITTEN_BY] === Metadata[WRITTEN_BY];
}
