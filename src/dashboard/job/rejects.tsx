// The records that a job has set aside, each with its reason, and the way to try them again.
import { useState } from 'preact/hooks';
import { api, type Trouble } from '../api.js';
import type { RejectView } from '../../api/result-contracts.js';
import type { Job } from '../../core/job.js';
import { go } from '../hooks/route.js';
import { usePages } from '../hooks/pages.js';
import { jobHref } from '../route.js';
import { May } from '../session.js';
import { More } from '../ui/more.js';
import { TroubleNote } from '../ui/trouble.js';
import { count, counted } from '../words.js';

const LIMIT = '20';

export function Rejects({ job }: { readonly job: Job }) {
  return job.progress.rejects > 0 ? <RejectList job={job} /> : null;
}

/** A running job sets aside more and more: its list is read anew when one asks for that, and when it has ended. */
function RejectList({ job }: { readonly job: Job }) {
  const total = job.progress.rejects;
  const [read, setRead] = useState(total);
  const pages = usePages(`${job.id} ${read} ${job.endedAt}`, async (page) => {
    const { rejects, next } = await api.rejects(job.id, { limit: LIMIT, ...page });
    return { items: rejects, next };
  });
  return (
    <section id="rejects">
      <div class="section-head">
        <h2>Rejects</h2>
        <span class="quiet">{counted(total, 'record')} set aside</span>
      </div>
      {total > read && job.endedAt === null && (
        <button type="button" class="small" onClick={() => setRead(total)}>
          Show the latest
        </button>
      )}
      <ul>
        {pages.items.map((reject, i) => (
          <Reject key={i} reject={reject} />
        ))}
      </ul>
      <More pages={pages} what="rejects" />
      {job.kind === 'restore' && job.endedAt !== null && (
        <May role="operator">
          <RetryRejects id={job.id} />
        </May>
      )}
    </section>
  );
}

function Reject({ reject }: { readonly reject: RejectView }) {
  const { stream, code, message, records, record } = reject;
  return (
    <li class="reject">
      <p>
        <strong>{stream}</strong> <span class="quiet">{records > 1 && `${count(records)} records, `}</span>
        <code class="quiet">{code}</code>
      </p>
      <p>{message}</p>
      {record !== null && (
        <details>
          <summary>Record</summary>
          <pre tabIndex={0}>{textOf(reject)}</pre>
        </details>
      )}
    </li>
  );
}

function textOf({ header, record, encoding }: RejectView): string {
  const lines = header === null ? [record] : [header, record];
  return `${encoding === 'base64' ? 'base64: ' : ''}${lines.join('\n')}`;
}

function RetryRejects({ id }: { readonly id: string }) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const retry = (): void => {
    api.retryRejects(id).then((job) => go(jobHref(job.id)), setTrouble);
  };
  return (
    <div class="actions">
      <button type="button" onClick={retry}>
        Try these again
      </button>
      <span class="quiet">as a new job, once what refused them is mended</span>
      <TroubleNote trouble={trouble} />
    </div>
  );
}
