// Where the list of archives looks. A filter is part of the address; what is wrong with one stands beside it.
import { Choice, Text, useConnections, type Faults } from '../ui/choice.js';
import { go } from '../hooks/route.js';
import { hrefOf, type Query } from '../route.js';

interface FiltersProps {
  readonly query: Query;
  readonly faults: Faults;
}

export function ArchiveFilters({ query, faults }: FiltersProps) {
  const stores = useConnections().filter(({ roles }) => roles.includes('sink'));
  const { cursor: _, ...filter } = query;
  const set = (name: string) => (value: string) => go(hrefOf('archives', { ...filter, [name]: value }), true);
  return (
    <form class="filters" role="search" aria-label="Filter the archives" onSubmit={(e) => e.preventDefault()}>
      <Choice
        label="Store"
        value={query['connection'] ?? ''}
        options={stores.map(({ name }) => name)}
        set={set('connection')}
      />
      <Text label="Folder" name="prefix" value={query['prefix'] ?? ''} set={set('prefix')} faults={faults} />
      {Object.keys(filter).length > 0 && <a href={hrefOf('archives')}>Clear</a>}
    </form>
  );
}
