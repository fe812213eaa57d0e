// Where records go, and what is said to the server to bring them there.
import type { Table } from '../catalog.js';

export interface Destination {
  readonly table: Table;
  /** The records are JSON objects; otherwise rows of CSV. */
  readonly objects: boolean;
  /** By these columns a row that is there is replaced; null: it is a conflict. */
  readonly replaceBy: readonly string[] | null;
}

/** What is said to the server. The stage is a table `longhaul_stage` of the session. */
export interface Statements {
  readonly createStage: string;
  readonly copyToStage: string;
  /** COPY into the table itself, where that will do. */
  readonly copy: string | null;
  /** Each answers what is wrong with the staged records, if anything. */
  readonly checks: readonly { readonly query: string; readonly values: readonly unknown[] }[];
  /** Takes out of the stage what a later record replaces; answers how many those are. */
  readonly dropReplaced: string | null;
  /** From the stage into the table; answers how many. */
  readonly insert: string;
  /** Places in the stage, from 0, of records whose key the table has; null: it has no key to ask for. */
  readonly findTaken: string | null;
}
