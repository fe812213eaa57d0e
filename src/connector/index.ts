// `longhaul/connector`: everything that a connector in one's own repository is made of.
export { defineConnector, type ConnectorDefinition, type Made } from '../core/definition.js';
export type {
  Context,
  Cursor,
  Encoding,
  Meter,
  Page,
  Partition,
  Payload,
  Reject,
  Sink,
  SinkWriter,
  Source,
  Stream,
} from '../core/connector.js';
export { LonghaulError, Stopped, type ErrorCode } from '../core/errors.js';
export type { Json, JsonObject } from '../core/json.js';
export type { Connection, SinkOptions, SourceOptions } from '../core/registry.js';
export { createJsonGetter, type GetJson, type JsonPage, type JsonRequest } from './json.js';
export { pagedSource, type PagedStreams } from './paged.js';
