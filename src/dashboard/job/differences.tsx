// What a comparison found: how many records are the same, and those that are not, by their keys.
import { api } from '../api.js';
import type { DifferencePage } from '../../api/result-contracts.js';
import type { Differences as Counts } from '../../core/connector.js';
import type { Job } from '../../core/job.js';
import { usePages } from '../hooks/pages.js';
import { More } from '../ui/more.js';
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
        <table class="dense">
          <thead>
            <tr>
              <th scope="col">Difference</th>
              <th scope="col">Stream</th>
              <th scope="col">Key</th>
            </tr>
          </thead>
          <tbody>
            {pages.items.map((difference, i) => (
              <Row key={i} difference={difference} />
            ))}
          </tbody>
        </table>
      )}
      <More pages={pages} what="differences" />
    </>
  );
}

function Row({ difference }: { readonly difference: DifferencePage['differences'][number] }) {
  const { kind, stream, key, records, side, record } = difference;
  return (
    <tr>
      <th scope="row">
        {kind}
        <span class="quiet">
          {side && ` in the ${side === 'archive' ? 'archive' : 'other'}`}
          {records > 1 && `, ${counted(records, 'record')}`}
        </span>
      </th>
      <td>{stream}</td>
      <td>
        <code>{record ?? key.map((part) => part ?? 'NULL').join(', ')}</code>
      </td>
    </tr>
  );
}
