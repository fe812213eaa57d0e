// What a comparison found: how many records are the same, and those that are not, by their keys.
import { api } from '../api.js';
import type { DifferencePage } from '../../api/result-contracts.js';
import type { Differences as Counts } from '../../core/connector.js';
import type { Job } from '../../core/job.js';
import { usePages } from '../hooks/pages.js';
import { More } from '../ui/more.js';
import { Table, type Column } from '../ui/table.js';
import { count, counted } from '../words.js';

const LIMIT = '20';

export function Differences({ job }: { readonly job: Job }) {
  const counts = job.result?.differences;
  if (!counts) return null;
  const { same, ...others } = counts;
  const differs = Object.values(others).some((n) => n > 0);
  return (
    <section>
      <div class="section-head">
        <h2>Differences</h2>
        <span class="quiet">{countsText(counts)}</span>
      </div>
      {differs ? <List id={job.id} /> : <p>{counted(same, 'record')} compared, all the same.</p>}
    </section>
  );
}

function countsText({ same, ...others }: Counts): string {
  const named = Object.entries(others).map(([name, n]) => `${count(n)} ${name}`);
  return [`${count(same)} same`, ...named].join(', ');
}

function List({ id }: { readonly id: string }) {
  const pages = usePages(id, async (page) => {
    const { differences, next } = await api.differences(id, { limit: LIMIT, ...page });
    return { items: differences, next };
  });
  return (
    <>
      {pages.items.length > 0 && (
        <Table class="dense" columns={COLUMNS} rows={pages.items} keyOf={(_, place) => String(place)} />
      )}
      <More pages={pages} what="differences" />
    </>
  );
}

type Difference = DifferencePage['differences'][number];

const COLUMNS: readonly Column<Difference>[] = [
  { title: 'Difference', cell: (difference) => <What difference={difference} /> },
  { title: 'Stream', cell: ({ stream }) => stream },
  {
    title: 'Key',
    cell: ({ key, record }) => <code>{record ?? key.map((part) => part ?? 'NULL').join(', ')}</code>,
  },
];

function What({ difference: { kind, records, side } }: { readonly difference: Difference }) {
  return (
    <>
      {kind}
      <span class="quiet">
        {side && ` in the ${side === 'archive' ? 'archive' : 'other'}`}
        {records > 1 && `, ${counted(records, 'record')}`}
      </span>
    </>
  );
}
