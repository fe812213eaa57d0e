// The files that a job has written, to be downloaded.
import { api } from '../api.js';
import type { JobFileView } from '../../api/result-contracts.js';
import type { Job } from '../../core/job.js';
import { usePages } from '../hooks/pages.js';
import { More } from '../ui/more.js';
import { Table, type Column } from '../ui/table.js';
import { bytes, count } from '../words.js';

const LIMIT = '12';

export function Files({ job }: { readonly job: Job }) {
  const writesFiles = job.kind === 'backup' || job.kind === 'export';
  return writesFiles && job.state === 'completed' ? <FileList id={job.id} /> : null;
}

function FileList({ id }: { readonly id: string }) {
  const pages = usePages(id, async (page) => {
    const { files, next } = await api.files(id, { limit: LIMIT, ...page });
    return { items: files, next };
  });
  return (
    <section class="files">
      <h2>Files</h2>
      {pages.items.length > 0 && (
        <Table class="dense" columns={COLUMNS} rows={pages.items} keyOf={({ path }) => path} />
      )}
      {pages.next === null && pages.items.length === 0 && <p class="quiet">It wrote none.</p>}
      <More pages={pages} what="files" />
    </section>
  );
}

const COLUMNS: readonly Column<JobFileView>[] = [
  {
    title: 'File',
    cell: ({ url, path, sha256 }) => (
      <a href={url} download title={`sha256 ${sha256}`}>
        {path}
      </a>
    ),
  },
  {
    title: 'Records',
    number: true,
    cell: ({ records }) => (records === null ? '–' : count(records)),
  },
  { title: 'Size', number: true, cell: (file) => bytes(file.bytes) },
];
