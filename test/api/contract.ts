// Holds every answer that a test gets against the OpenAPI document: its status must be described, its body must match,
// and may hold nothing that the document does not name.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

/** Throws for an answer that the document does not allow. Paths that it does not have are not looked at. */
export function createContract(document: Document): (exchange: Exchange) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document) as object, 'api');
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: patternOf(template),
  }));

  return ({ method, path, status, contentType, body }) => {
    const [plain = ''] = path.split('?');
    const template = templates.find(({ pattern }) => pattern.test(plain))?.template;
    const operation = template && document.paths[template]?.[method.toLowerCase()];
    if (!template || !operation) return;
    const response = operation.responses[status];
    if (!response) throw new Error(`${method} ${template} answers ${status}, which is not described`);
    if (status === 204 || method === 'HEAD') return;
    const type = contentType?.split(';')[0] ?? '';
    if (!response.content?.[type])
      throw new Error(`${method} ${template} ${status}: ${type} is not described`);
    if (!isJson(type)) return;
    const pointer = ['paths', template, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
    const validate = ajv.compile({ $ref: `api#/${pointer.map(escaped).join('/')}` });
    if (!validate(body)) {
      throw new Error(
        `${method} ${template} ${status} is not as described: ${ajv.errorsText(validate.errors)}`,
      );
    }
  };
}

/** One JSON text, not lines of them. */
export function isJson(contentType: string | null): boolean {
  return /[/+]json\b/.test(contentType ?? '');
}

/** `{path}` is of a file and takes slashes. */
function patternOf(template: string): RegExp {
  const plain = template.replaceAll('.', '\\.').replaceAll('{path}', '.+');
  return new RegExp(`^${plain.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

function escaped(part: string | number): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The document with every object schema closed. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isObject = 'type' in node && [node.type].flat().includes('object') && 'properties' in node;
  return isObject ? { additionalProperties: false, ...copy } : copy;
}
