// What a request carries to be let in.

export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** Query parameters. They never become part of a cursor. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Credentials {
  /** What to send now. Throws `Stopped` once `signal` aborts. */
  current(signal: AbortSignal): Promise<Credential>;
  /** The source answered 401 to this one: the next `current` gives another, where there can be another. */
  refused(credential: Credential): void;
}

export function inHeader(name: string, value: string): Credential {
  return { headers: { [name]: value }, params: {} };
}

export function bearer(token: string): Credential {
  return inHeader('authorization', `Bearer ${token}`);
}

/** The value of `Authorization` (RFC 7617). */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
