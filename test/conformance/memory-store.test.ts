// The store in memory, which other tests rely on, under the suite for all stores.
import { createMemoryStore, newSpace } from '../support/memory-store.js';
import { describeStore } from './store-suite.js';

describeStore('memory', {
  async open() {
    const space = newSpace();
    const [store, other] = [createMemoryStore(space), createMemoryStore(space)];
    return { store, other, dispose: async () => undefined };
  },
});
