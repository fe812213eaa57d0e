// The description of the routes, for programs at /openapi.json and for people at /docs.
import type { OpenAPIHono } from '@hono/zod-openapi';
import { VERSION } from '../core/version.js';
import { SESSION_COOKIE } from './access.js';
import { changeBody, jobSpec, retryBody } from './contracts.js';
import { DOCS_POLICY, docsPage } from './docs-page.js';
import { withRoles } from './roles-described.js';
import { sessionBody } from './session-contracts.js';

const HEAD = {
  openapi: '3.1.0',
  info: {
    title: 'Longhaul',
    version: VERSION,
    description: 'Starts, shows and steers long jobs over paged data.',
  },
};

/** Of all routes that the app has by the time it is asked for. `hasKeys`: whether one is needed to call them. */
export function addDocument(app: OpenAPIHono, { hasKeys }: { readonly hasKeys: boolean }): void {
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
  });
  registry.register('JobSpec', jobSpec);
  registry.register('RetryBody', retryBody);
  registry.register('JobChange', changeBody);
  registry.register('SessionBody', sessionBody);
  const document = () => {
    const routes = app.getOpenAPI31Document(HEAD);
    return hasKeys ? withRoles(routes) : routes;
  };
  app.get('/openapi.json', (c) => c.json(document()));
  app.get('/docs', (c) => c.html(docsPage(document()), 200, { 'content-security-policy': DOCS_POLICY }));
}
