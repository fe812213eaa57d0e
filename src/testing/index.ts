// `longhaul/connector/testing`: holds a source to the contract, under vitest.
export { describeSource, type SourceSubject, type SourceUnderTest } from './source-suite.js';
