// How the published suite reads sources, for the other tests as well.
export * from '../../src/testing/reading.js';
