// Which jobs the list shows. A filter is part of the address, so that a view can be kept and sent on.
import { useContext } from 'preact/hooks';
import { JOB_STATES } from '../../core/job.js';
import { KINDS } from '../kinds.js';
import { go } from '../hooks/route.js';
import { hrefOf, type Query } from '../route.js';
import { SessionContext } from '../session.js';
import { Choice, Text, useConnections, type Faults } from '../ui/choice.js';

interface FiltersProps {
  readonly query: Query;
  readonly faults: Faults;
}

export function Filters({ query, faults }: FiltersProps) {
  const names = useConnections().map(({ name }) => name);
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
        <Text
          label="Tenant"
          name="tenant"
          value={query['tenant'] ?? ''}
          set={set('tenant')}
          faults={faults}
        />
      )}
      <Text
        label="Schedule"
        name="schedule"
        value={query['schedule'] ?? ''}
        set={set('schedule')}
        faults={faults}
      />
      {Object.keys(filter).length > 0 && <a href={hrefOf('jobs')}>Clear</a>}
    </form>
  );
}
