// The example of a connector of one's own, held to the published suite as its own repository would hold it.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describeSource } from 'longhaul/connector/testing';
import { createNotesApi } from '../../examples/connector/notes-api.js';
import connector from '../../examples/connector/notes-connector.js';
import { someRecords } from '../support/records.js';

const RECORDS = { notes: someRecords(230), tags: [] as string[] };

describeSource('notes', {
  open: async () => {
    const lists = Object.entries(RECORDS).map(([name, records]) => [
      name,
      records.map((text, index) => ({ id: String(index), text })),
    ]);
    const api = createNotesApi(Object.fromEntries(lists), 'sesame');
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const prepared = await connector.prepare({ url, token: 'sesame' });
    if (!prepared.ok) throw new Error(JSON.stringify(prepared.faults));
    return {
      source: prepared.value('notes').source!({ pageSize: 20 }),
      expected: new Map(Object.entries(RECORDS)),
      dispose: async () => {
        api.closeAllConnections();
        api.close();
      },
    };
  },
});
