// The published JSON Schema of longhaul.config.yml, for editors.
import { z } from 'zod';
import { ownFields } from './own.js';
import { BUILT_IN_TYPES, configWith, connectionSchema } from './schema.js';

export function configJsonSchema(): object {
  const own = ownFields.extend({
    type: z
      .string()
      .min(1)
      .meta({ not: { enum: BUILT_IN_TYPES } }),
  });
  const all = configWith(z.union([connectionSchema, own]));
  const { $schema, ...schema } = z.toJSONSchema(all, { io: 'input' });
  return { $schema, title: 'longhaul.config.yml', ...schema, ...ONLY_BUILT_IN };
}

/** Types of one's own need connectors. */
const ONLY_BUILT_IN = {
  anyOf: [
    { required: ['connectors'], properties: { connectors: { minItems: 1 } } },
    {
      properties: {
        connections: { additionalProperties: { properties: { type: { enum: BUILT_IN_TYPES } } } },
      },
    },
  ],
};
