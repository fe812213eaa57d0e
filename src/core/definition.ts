// How a connector in one's own repository is described: what `export default defineConnector({ … })` gives the worker.
import type { Checked, Fault } from './faults.js';
import type { JsonObject } from './json.js';
import type { Connection } from './registry.js';

/** What a connector makes of a connection. Name, type and limits are the config's. */
export type Made = Pick<Connection, 'source' | 'sink' | 'check'>;

export interface ConnectorDefinition<Settings> {
  /** What its connections say as `type`: a name that no built-in connector has. */
  readonly type: string;
  /**
   * Checks what a connection says beside `type`, `roles` and `limits`: a schema of zod, or of another library that follows
   * Standard Schema; or a function that throws what is wrong. The messages are shown, so they must not repeat a value.
   */
  readonly settings: StandardSchema<Settings> | ((given: JsonObject) => Settings);
  /** Called once a worker for each connection. Reaches out to nothing yet: `check` and the source do. */
  readonly create: (name: string, settings: Settings) => Made;
}

/** The part of https://standardschema.dev that is used here. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A connector whose settings are its own affair. */
export interface Connector {
  readonly type: string;
  /** What makes the connection, its settings checked; or what is wrong with them. */
  readonly prepare: (given: JsonObject) => Promise<Checked<(name: string) => Made>>;
}

export function defineConnector<Settings>(definition: ConnectorDefinition<Settings>): Connector {
  const { type, settings, create } = definition;
  return {
    type,
    async prepare(given) {
      const checked = typeof settings === 'function' ? judged(settings, given) : await held(settings, given);
      if (!checked.ok) return checked;
      return { ok: true, value: (name) => create(name, checked.value) };
    },
  };
}

function judged<Settings>(judge: (given: JsonObject) => Settings, given: JsonObject): Checked<Settings> {
  try {
    return { ok: true, value: judge(given) };
  } catch (error) {
    return { ok: false, faults: [{ path: [], message: error instanceof Error ? error.message : 'refused' }] };
  }
}

async function held<Settings>(
  schema: StandardSchema<Settings>,
  given: JsonObject,
): Promise<Checked<Settings>> {
  const result = await schema['~standard'].validate(given);
  return result.issues
    ? { ok: false, faults: result.issues.map(faultOf) }
    : { ok: true, value: result.value };
}

function faultOf({ message, path = [] }: Issue): Fault {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return { path: keys.map((key) => (typeof key === 'number' ? key : String(key))), message };
}
