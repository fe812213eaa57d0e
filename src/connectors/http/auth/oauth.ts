// Tokens for a client that shows its own credentials (RFC 6749, 4.4), known by HTTP Basic (2.3.1).
import type { HttpAuth } from '../../../config/http.js';
import { DEFAULT_HEADERS } from '../headers.js';
import type { Transport } from '../transport.js';
import { parseHttpUrl } from '../urls.js';
import { basic, bearer } from './credential.js';
import { askForToken, noToken, textsIn, type Token, type TokenSite } from './tokens.js';

type OAuth = Extract<HttpAuth, { type: 'oauth2_client_credentials' }>;

/** Throws `config_invalid`. */
export function createOAuth(auth: OAuth, site: TokenSite, transport: Transport): () => Promise<Token> {
  const url = parseHttpUrl(`${site.name}.tokenUrl`, auth.tokenUrl, site.baseUrl);
  const endpoint = { what: `token: POST ${url.pathname}`, ...REMEDIES };
  const headers = {
    ...DEFAULT_HEADERS,
    authorization: basic(encodeURIComponent(auth.clientId), encodeURIComponent(auth.clientSecret)),
    'content-type': 'application/x-www-form-urlencoded',
  };
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== undefined) form.set('scope', auth.scope);
  const body = form.toString();
  return async () => {
    const answer = await askForToken(transport, endpoint, { url, headers, body });
    const [token, seconds] = await textsIn(endpoint, answer, ['access_token', 'expires_in']);
    if (!token) throw noToken(endpoint);
    return { credential: bearer(token), seconds: Number(seconds ?? Infinity) };
  };
}

const REMEDIES = {
  // RFC 6749, 5.2
  refusals: [400, 401],
  ifRefused:
    'The token endpoint refuses the client: check `clientId`, `clientSecret` and `scope` of the connection.',
  ifNone: 'Check `tokenUrl` of the connection.',
};
