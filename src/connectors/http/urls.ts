// The URLs of a stream's pages: made from the configuration, or taken from a link that the source gave.
import type { HttpConnection, HttpStream } from '../../config/http.js';
import { LonghaulError } from '../../core/errors.js';

export interface Urls {
  /** The URL with the stream's fixed parameters, its page size and these. */
  page(params: Readonly<Record<string, string | number>>): URL;
  /** What can be kept of a link found at `url`: its path and query, no credential. Only links on one origin are followed. */
  keep(what: string, link: string, url: URL): string;
  /** The URL that was kept. */
  kept(link: string): URL;
}

/** Throws `config_invalid`. */
export function parseBaseUrl(connection: string, { baseUrl }: HttpConnection): URL {
  return parseHttpUrl(`connections.${connection}.baseUrl`, baseUrl);
}

/** `field` names it in the config. Throws `config_invalid`. */
export function parseHttpUrl(field: string, text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : null;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new LonghaulError('config_invalid', `${field} is not a plain http(s) URL.`, {
    hint: 'Write it as https://host/path; credentials belong into `auth`.',
  });
}

export function createUrls(
  config: HttpConnection,
  baseUrl: URL,
  stream: HttpStream,
  size: number | null,
): Urls {
  const root = `${baseUrl.origin}${baseUrl.pathname.replace(/\/+$/, '')}`;
  const { auth } = config;
  const secret = auth?.type === 'api_key' && auth.in === 'query' ? (auth.name ?? 'X-API-Key') : null;
  return {
    page(params) {
      const url = new URL(`${root}/${stream.path.replace(/^\/+/, '')}`);
      const sized = stream.pageSize && size !== null ? { [stream.pageSize.param]: size } : {};
      for (const [name, value] of Object.entries({ ...stream.params, ...sized, ...params })) {
        url.searchParams.set(name, String(value));
      }
      return url;
    },
    keep(what, link, url) {
      const target = sameOrigin(what, link, url);
      if (secret !== null) target.searchParams.delete(secret);
      return target.pathname + target.search;
    },
    // Joined as text: resolved as a reference, a path that begins with `//` would name another host.
    kept: (link) => new URL(baseUrl.origin + link),
  };
}

function sameOrigin(what: string, link: string, url: URL): URL {
  if (!URL.canParse(link, url.href)) {
    throw new LonghaulError('response_invalid', `${what} gave a link to the next page that is no URL.`);
  }
  const target = new URL(link, url);
  if (target.origin === url.origin) return target;
  const message = `${what} links its next page on another origin, ${target.origin}.`;
  throw new LonghaulError('source_refused', message, {
    hint: 'Only links on the origin of `baseUrl` are followed: set it to where the API says it lives.',
  });
}
