// Reads longhaul.config.yml. Every fault is named with its line.
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { LonghaulError } from '../core/errors.js';
import { check, type Fault } from '../core/faults.js';
import { lineOf } from './lines.js';
import { resolveReferences, withReferences } from './references.js';
import { configSchemaFor, type Config, type ConnectionConfig } from './schema.js';

export interface LoadOptions {
  /**
   * `resolve` puts the environment in the place of `${NAME}`; `leave` keeps the text, for a reader that needs no secrets
   * (or only those of one connection: `completed`).
   */
  readonly secrets: 'resolve' | 'leave';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What else is wrong with it, as one can tell who has loaded its connectors. Only asked where secrets are resolved. */
  readonly inspect?: (config: Config) => Promise<readonly Fault[]>;
}

interface ConfigFault {
  readonly line: number;
  readonly where: string;
  readonly message: string;
}

/**
 * The validated config; paths of file connections are absolute where the environment was put in.
 * Throws `config_invalid`, its message a line for every fault: `longhaul.config.yml:12 connections.crm.typ: unknown key; …`
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<Config> {
  const lines = new LineCounter();
  const document = parseDocument(await read(path), {
    lineCounter: lines,
    prettyErrors: false,
    // its warnings quote what they are about
    logLevel: 'error',
  });
  refuse(path, syntaxFaults(document, lines));
  if (options.secrets === 'leave') return validate(path, document, lines);
  refuse(path, resolveReferences(document, options.env, lines));
  const config = validate(path, document, lines);
  refuse(path, faultsAt(document, (await options.inspect?.(config)) ?? [], lines));
  return withAbsolutePaths(config, dirname(resolve(path)));
}

/** A connection of a config that was loaded with `leave`, as `resolve` would have given it. Throws `config_invalid`. */
export function completed<T extends ConnectionConfig>(
  name: string,
  connection: T,
  options: { readonly configPath: string; readonly env: LoadOptions['env'] },
): T {
  const whole = withReferences(connection, options.env, (fault) => {
    throw new LonghaulError('config_invalid', `The connection ${name} cannot be used here: ${fault}.`, {
      hint: 'Set the variable for this process as well, as it is set for the workers, and start it again.',
    });
  });
  return withAbsolutePath(whole, dirname(resolve(options.configPath)));
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new LonghaulError('config_invalid', `Cannot read ${path}: ${reason}`, {
      hint: 'Name the config file with --config FILE or LONGHAUL_CONFIG.',
      cause,
    });
  }
}

/** The first only, since the rest mostly follow from it, and without the text that YAML quotes: it could be a secret. */
function syntaxFaults(document: Document.Parsed, lines: LineCounter): ConfigFault[] {
  return document.errors.slice(0, 1).map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    where: '',
    message: `not YAML: ${error.message.replace(/: ".*$/s, '')} (inside { } a reference needs quotes: "\${NAME}")`,
  }));
}

function validate(path: string, document: Document, lines: LineCounter): Config {
  const raw = plain(path, document);
  const checked = check(configSchemaFor(raw), raw);
  if (checked.ok) return checked.value;
  throw invalid(path, faultsAt(document, checked.faults, lines));
}

function faultsAt(document: Document, faults: readonly Fault[], lines: LineCounter): ConfigFault[] {
  return faults.map((fault) => ({
    line: lineOf(document, fault.path, lines),
    where: fault.path.join('.'),
    message: fault.message,
  }));
}

/** Aliases can stand for far more than was written: YAML's reader refuses to follow them without end. */
function plain(path: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    throw invalid(path, [{ line: 1, where: '', message: 'not YAML: its aliases cannot be followed' }]);
  }
}

function refuse(path: string, faults: readonly ConfigFault[]): void {
  if (faults.length > 0) throw invalid(path, faults);
}

function invalid(path: string, faults: readonly ConfigFault[]): LonghaulError {
  const file = basename(path);
  const lines = faults.map(
    ({ line, where, message }) => `${file}:${line} ${where && `${where}: `}${message}`,
  );
  return new LonghaulError('config_invalid', lines.join('\n'));
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const connections = Object.entries(config.connections).map(([name, connection]) => [
    name,
    withAbsolutePath(connection, folder),
  ]);
  return { ...config, connections: Object.fromEntries(connections) };
}

function withAbsolutePath<T extends ConnectionConfig>(connection: T, folder: string): T {
  return connection.type === 'file' ? { ...connection, path: resolve(folder, connection.path) } : connection;
}
