// Which jobs the list shows. A filter is part of the address, so that a view can be kept and sent on.
import { useContext, useEffect, useState } from 'preact/hooks';
import { api } from '../api.js';
import { JOB_STATES } from '../../core/job.js';
import { KINDS } from '../kinds.js';
import { go } from '../hooks/route.js';
import { hrefOf, type Query } from '../route.js';
import { SessionContext } from '../session.js';

export function Filters({ query }: { readonly query: Query }) {
  const names = useConnectionNames();
  const seesAll = useContext(SessionContext)?.tenant == null;
  const { cursor: _, ...filter } = query;
  const set = (name: string) => (value: string) => go(hrefOf('jobs', { ...filter, [name]: value }), true);
  const fields = [
    { name: 'kind', label: 'Kind', options: KINDS },
    { name: 'state', label: 'State', options: JOB_STATES },
    { name: 'source', label: 'Source', options: names },
    { name: 'sink', label: 'Sink', options: names },
  ];
  return (
    <form class="filters" role="search" aria-label="Filter the jobs" onSubmit={(e) => e.preventDefault()}>
      {fields.map(({ name, label, options }) => (
        <Choice key={name} label={label} value={query[name] ?? ''} options={options} set={set(name)} />
      ))}
      {seesAll && (
        <label>
          Tenant
          <input
            type="search"
            name="tenant"
            placeholder="any"
            value={query['tenant'] ?? ''}
            onChange={(event) => set('tenant')(event.currentTarget.value.trim())}
          />
        </label>
      )}
      {Object.keys(filter).length > 0 && <a href={hrefOf('jobs')}>Clear</a>}
    </form>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly set: (value: string) => void;
}

/** A value that is no option any more, such as a connection that was removed, stays to be seen. */
function Choice({ label, value, options, set }: ChoiceProps) {
  const all = value === '' || options.includes(value) ? options : [value, ...options];
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">any</option>
        {all.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}

/** Empty until they are known; without them the list can still be read. */
function useConnectionNames(): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    api.connections().then(
      (connections) => setNames(connections.map(({ name }) => name)),
      () => undefined,
    );
  }, []);
  return names;
}
