// The tests' own source held to the contract of every source: what the engine is tested with must be real.
import { createMemorySource } from '../support/memory-source.js';
import { someRecords } from '../support/records.js';
import { describeSource } from './source-suite.js';

const RECORDS = { companies: someRecords(7), contacts: someRecords(230), empty: [], exact: someRecords(40) };

for (const saysLast of [false, true]) {
  describeSource(`memory, ${saysLast ? 'ending by a last page' : 'ending by nothing more'}`, {
    open: async () => ({
      source: createMemorySource(RECORDS, { pageSize: 20, saysLast }),
      expected: new Map(Object.entries(RECORDS)),
      dispose: async () => undefined,
    }),
  });
}
