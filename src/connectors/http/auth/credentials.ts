// Who asks: the credential that a connection has, or how it comes by one.
import type { HttpAuth, HttpConnection } from '../../../config/http.js';
import { monotonic } from '../clock.js';
import type { Transport } from '../transport.js';
import { basic, bearer, inHeader, type Credential, type Credentials } from './credential.js';
import { createLogin } from './login.js';
import { createOAuth } from './oauth.js';
import { createTokens } from './tokens.js';

/** Throws `config_invalid`. */
export function createCredentials(
  connection: string,
  config: HttpConnection,
  baseUrl: URL,
  transport: Transport,
): Credentials {
  const auth = config.auth ?? { type: 'none' };
  const site = { name: `connections.${connection}.auth`, baseUrl, headers: config.headers ?? {} };
  switch (auth.type) {
    case 'oauth2_client_credentials':
      return createTokens(createOAuth(auth, site, transport), monotonic);
    case 'login':
      return createTokens(createLogin(auth, site, transport), monotonic);
    default: {
      const credential = fixed(auth);
      return { current: async () => credential, refused: () => {} };
    }
  }
}

function fixed(auth: Exclude<HttpAuth, { type: 'oauth2_client_credentials' | 'login' }>): Credential {
  switch (auth.type) {
    case 'none':
      return { headers: {}, params: {} };
    case 'bearer':
      return bearer(auth.token);
    case 'basic':
      return inHeader('authorization', basic(auth.username, auth.password));
    case 'api_key': {
      const name = auth.name ?? 'X-API-Key';
      return auth.in === 'query' ? { headers: {}, params: { [name]: auth.key } } : inHeader(name, auth.key);
    }
  }
}
