// What a copy from bucket to bucket works with.
import type { Share } from '../objects/share.js';
import type { ObjectTarget } from '../objects/target.js';
import type { ObjectTree } from '../objects/tree.js';
import type { S3Client } from './client.js';
import type { S3Copier } from './copier.js';
import type { UploadNotes } from './uploads.js';

export interface CopyTreeOptions {
  /** Of the source and, to see what is there, of the target. */
  readonly from: ObjectTree;
  readonly there: ObjectTree;
  /** Takes what the server does not copy. */
  readonly target: ObjectTarget;
  readonly copier: S3Copier;
  readonly notes: UploadNotes;
  /** The target's bucket, and what the keys of the stream begin with there. */
  readonly to: { readonly client: S3Client; readonly root: string };
  readonly replace: boolean;
  /** Room for what passes through this process. */
  readonly share: Share;
  /** Of the whole job in this process: a server that does not copy is not asked again for each object. */
  readonly way: { byServer: boolean };
}
