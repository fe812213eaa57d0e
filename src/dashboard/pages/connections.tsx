// The connections that are configured: what they can be used for, how fast, and whether they work.
import { api, type Connection } from '../api.js';
import { usePolled } from '../hooks/polled.js';
import { hrefOf } from '../route.js';
import { May, useMay } from '../session.js';
import { Check } from '../ui/check.js';
import { Page } from '../ui/page.js';
import { TroubleNote } from '../ui/trouble.js';
import { count } from '../words.js';

/** They change only when the API starts anew. */
const LOOK_EVERY_MS = 60_000;

export function ConnectionsPage() {
  const { data, trouble } = usePolled('connections', api.connections, LOOK_EVERY_MS);
  return (
    <Page title="Connections">
      <p class="lead">
        The places that jobs may name, from <code>longhaul.config.yml</code>. Addresses and credentials stay
        with the workers: a check asks one of them.
      </p>
      <TroubleNote trouble={trouble} />
      {data && (
        <ul class="cards">
          {data.map((connection) => (
            <Card key={connection.name} connection={connection} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Card({ connection }: { readonly connection: Connection }) {
  const { name, type, roles, streams } = connection;
  const mayStart = useMay('operator');
  return (
    <li class="card">
      <div class="card-head">
        <h2>{name}</h2>
        <span class="tag">{type}</span>
      </div>
      <dl class="facts">
        <dt>Used to</dt>
        <dd>{roles.map((role) => USES[role]).join(', ')}</dd>
        {limitsOf(connection).map(([label, value]) => (
          <Limit key={label} label={label} value={value} />
        ))}
        <dt>Streams</dt>
        <dd>{streams === null ? streamsOf(roles) : streams.join(', ')}</dd>
      </dl>
      <div class="card-foot">
        <May role="admin">
          <Check name={name} />
        </May>
        <span class="links">
          {mayStart && roles.includes('source') && (
            <a href={hrefOf('start', { kind: 'backup', 'source.connection': name })}>Back up</a>
          )}
          <a href={hrefOf('jobs', { [roles.includes('source') ? 'source' : 'sink']: name })}>Jobs</a>
        </span>
      </div>
    </li>
  );
}

const USES = {
  source: 'read from',
  sink: 'hold archives',
  target: 'restore into',
} satisfies Record<Connection['roles'][number], string>;

function streamsOf(roles: Connection['roles']): string {
  return roles.includes('source') ? 'those that the source has' : 'those of its archives';
}

function Limit({ label, value }: { readonly label: string; readonly value: number }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{count(value)}</dd>
    </>
  );
}

function limitsOf({ limits }: Connection): (readonly [string, number])[] {
  const named = [
    ['Requests a second', limits.requestsPerSecond],
    ['At once', limits.concurrency],
    ['Requests a day', limits.requestsPerDay],
  ] as const;
  return named.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}
