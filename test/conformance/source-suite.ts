// The suite that is published as `longhaul/connector/testing`, for the connectors in this repository.
export * from '../../src/testing/source-suite.js';
