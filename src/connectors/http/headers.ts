// Header fields: as they come from an answer, and as they go into a request.

/** Names in lower case; a repeated field is a list. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Sent with every request, unless the connection says otherwise. */
export const DEFAULT_HEADERS = { accept: 'application/json', 'user-agent': 'longhaul' };

/** A field's first value. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A list field whole, its repetitions joined as RFC 9110 (5.3) has it. */
export function listHeader(headers: Headers, name: string): string {
  return [headers[name] ?? []].flat().join(', ');
}

/** Shortened: some servers put essays there. */
export function contentType(headers: Headers): string {
  return header(headers, 'content-type')?.slice(0, 80) ?? 'no content type';
}

/** Later ones win; names do not differ by case. */
export function mergeHeaders(
  ...all: readonly (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  const entries = all.flatMap((headers) => Object.entries(headers ?? {}));
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}
