// The published JSON Schema of longhaul.config.yml, for editors.
import { z } from 'zod';
import { configSchema } from './schema.js';

export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, title: 'longhaul.config.yml', ...schema };
}
