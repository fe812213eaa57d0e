// The files that a job has written, to be downloaded.
import { api } from '../api.js';
import type { Job } from '../../core/job.js';
import { usePages } from '../hooks/pages.js';
import { More } from '../ui/more.js';
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
        <table class="dense">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" class="number">
                Records
              </th>
              <th scope="col" class="number">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {pages.items.map(({ path, url, records, bytes: size, sha256 }) => (
              <tr key={path}>
                <th scope="row">
                  <a href={url} download title={`sha256 ${sha256}`}>
                    {path}
                  </a>
                </th>
                <td class="number">{records === null ? '–' : count(records)}</td>
                <td class="number">{bytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pages.next === null && pages.items.length === 0 && <p class="quiet">It wrote none.</p>}
      <More pages={pages} what="files" />
    </section>
  );
}
