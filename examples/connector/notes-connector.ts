// A connector for an API of one's own: Notes pages its two lists by the last id, and takes a token in a header of its own.
import { z } from 'zod';
import {
  createJsonGetter,
  defineConnector,
  pagedSource,
  type Context,
  type Cursor,
} from 'longhaul/connector';

export default defineConnector({
  type: 'notes',
  settings: z.strictObject({ url: z.url(), token: z.string().min(1) }),
  create: (name, { url, token }) => {
    const getJson = createJsonGetter();
    const list = (ctx: Context, stream: string, after: Cursor | null, limit: number) =>
      getJson(ctx, {
        stream,
        url: new URL(
          `/${stream}?after=${encodeURIComponent(typeof after === 'string' ? after : '')}&limit=${limit}`,
          url,
        ),
        headers: { 'x-notes-token': token },
        records: 'items',
        values: { last: 'last', total: 'total' },
      });
    return {
      source: ({ pageSize = 500 }) =>
        pagedSource({
          streams: async () => [
            { name: 'notes', key: ['id'] },
            { name: 'tags', key: ['name'] },
          ],
          page: async (ctx, stream, from) => {
            const { payload, records, values } = await list(ctx, stream, from, pageSize);
            return { payload, records, next: values.last };
          },
        }),
      check: async (ctx) => {
        const { values } = await list(ctx, 'notes', null, 1);
        return `${name} holds ${values.total} notes.`;
      },
    };
  },
});
