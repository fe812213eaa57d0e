// Where the reader is, kept in the address behind `#`: `#/jobs?state=failed`, `#/jobs/<id>`, `#/start`. So every view
// has a link of its own, and the server has one page to serve.

export interface Route {
  /** The first part of the path: `jobs`, `start`, … */
  readonly page: string;
  /** What follows it; null where nothing does. */
  readonly id: string | null;
  readonly query: Query;
}

export type Query = Readonly<Record<string, string>>;

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page = '', ...rest] = path.split('/');
  return {
    page: page || 'jobs',
    id: rest.length === 0 ? null : decode(rest.join('/')),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Empty values are left out. */
export function hrefOf(path: string, query: Query = {}): string {
  return `#/${path}${search(query)}`;
}

/** `?kind=backup`, or nothing. */
export function search(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const text = new URLSearchParams(given).toString();
  return text && `?${text}`;
}

export function jobHref(id: string): string {
  return hrefOf(`jobs/${encodeURIComponent(id)}`);
}

/** An address that somebody mistyped leads to no job, instead of to an error. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
