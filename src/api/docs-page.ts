// The OpenAPI document as one page of HTML: no script, nothing from elsewhere.
import { createHash } from 'node:crypto';

type Node = Readonly<Record<string, unknown>>;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 4px; }
details { border-top: 1px solid #8886; padding: 0.5rem 0; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
`;

/** For the header Content-Security-Policy of the page. */
export const DOCS_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function docsPage(document: object): string {
  const { info, paths, components } = document as { info: Node; paths: Node; components: { schemas: Node } };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Node).map(([method, operation]) => ({ path, method, ...(operation as Node) })),
  );
  const tags = [...new Set(operations.map(tagOf))];
  const sections = tags.map(
    (tag) =>
      html`<h2>${tag}</h2>
        ${operations.filter((operation) => tagOf(operation) === tag).map(operationOf)}`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info['title']} API</title>
        ${raw(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <h1>${info['title']} API ${info['version']}</h1>
        <p>${info['description']} <a href="/openapi.json">OpenAPI document</a></p>
        ${sections}
        <h2>Schemas</h2>
        ${Object.entries(components.schemas).map(([name, schema]) => schemaOf(name, schema))}
      </body>
    </html> `.text;
}

interface Operation extends Node {
  readonly path: string;
  readonly method: string;
}

function tagOf(operation: Operation): string {
  return (operation['tags'] as string[] | undefined)?.[0] ?? 'other';
}

function operationOf(operation: Operation): Html {
  const { path, method, summary, description = '', operationId } = operation;
  return html`<details id="${operationId}">
    <summary><b>${method.toUpperCase()}</b> <code>${path}</code> ${summary}</summary>
    <p>${description}</p>
    ${parametersOf(operation)} ${bodyOf(operation)}
    <table>
      <thead>
        <tr>
          <th>Status</th>
          <th>Meaning</th>
          <th>Body</th>
        </tr>
      </thead>
      <tbody>
        ${Object.entries(operation['responses'] as Node).map(responseOf)}
      </tbody>
    </table>
  </details> `;
}

function parametersOf(operation: Operation): Html | '' {
  const parameters = (operation['parameters'] ?? []) as Node[];
  if (parameters.length === 0) return '';
  const rows = parameters.map((parameter) => {
    const { description = '', ...schema } = parameter['schema'] as Node;
    return html`<tr>
      <td><code>${parameter['name']}</code></td>
      <td>${parameter['in']}${parameter['required'] ? ', required' : ''}</td>
      <td>${parameter['description'] ?? description} <code>${JSON.stringify(schema)}</code></td>
    </tr> `;
  });
  return html`<table>
    <thead>
      <tr>
        <th>Parameter</th>
        <th>In</th>
        <th>Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table> `;
}

function bodyOf(operation: Operation): Html | '' {
  const body = operation['requestBody'] as Node | undefined;
  return body ? html`<p>Body: ${contentOf(body)}</p> ` : '';
}

function responseOf([status, response]: [string, unknown]): Html {
  const { description } = response as Node;
  return html`<tr>
    <td>${status}</td>
    <td>${description}</td>
    <td>${contentOf(response as Node)}</td>
  </tr> `;
}

function contentOf({ content = {} }: Node): Html[] {
  return Object.entries(content as Node).map(([type, media]) => {
    const ref = ((media as Node)['schema'] as Node | undefined)?.['$ref'];
    const name = typeof ref === 'string' ? ref.split('/').at(-1) : undefined;
    return html`<code>${type}</code> ${name === undefined ? '' : html`<a href="#${name}">${name}</a>`} `;
  });
}

function schemaOf(name: string, schema: unknown): Html {
  const { description = '' } = schema as Node;
  return html`<details id="${name}">
    <summary><code>${name}</code> ${description}</summary>
    ${raw('<pre>')}${JSON.stringify(schema, null, 2)}${raw('</pre>')}
  </details> `;
}

/** Text that is HTML already; whatever else is put into a template is escaped. */
class Html {
  constructor(readonly text: string) {}
}

const raw = (text: string) => new Html(text);

function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return new Html(parts.map((part, index) => `${part}${textOf(values[index])}`).join(''));
}

function textOf(value: unknown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
}
