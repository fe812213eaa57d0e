// How much work waits for a worker, and who takes it.
import { api } from '../api.js';
import type { Queue } from '../../api/contracts.js';
import { useNow } from '../hooks/clock.js';
import { usePolled } from '../hooks/polled.js';
import { Page } from '../ui/page.js';
import { Table, type Column } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { TroubleNote } from '../ui/trouble.js';
import { count, duration } from '../words.js';

const LOOK_EVERY_MS = 3_000;

export function QueuePage() {
  const { data, trouble } = usePolled('queue', api.queue, LOOK_EVERY_MS);
  return (
    <Page title="Queue">
      <p class="lead">What waits for a worker, and who works. More workers help while the chunks grow old.</p>
      <TroubleNote trouble={trouble} />
      {data && (
        <>
          <div class="cards">
            <Backlog title="Chunks" about="The work itself: scale workers on this." backlog={data.chunks} />
            <Backlog
              title="Workflow steps"
              about="Deciding what comes next: seldom more than a moment."
              backlog={data.workflows}
            />
          </div>
          <Workers workers={data.workers} />
        </>
      )}
    </Page>
  );
}

interface BacklogProps {
  readonly title: string;
  readonly about: string;
  readonly backlog: Queue['chunks'];
}

function Backlog({ title, about, backlog }: BacklogProps) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <p class="quiet">{about}</p>
      <p class="figure">
        {count(backlog.tasks)} <span class="quiet">waiting</span>
      </p>
      <dl class="facts">
        <dt>Oldest</dt>
        <dd>{backlog.tasks === 0 ? 'none' : duration(backlog.ageSeconds)}</dd>
        <dt>Coming</dt>
        <dd>{rate(backlog.addedPerSecond)}</dd>
        <dt>Taken</dt>
        <dd>{rate(backlog.takenPerSecond)}</dd>
      </dl>
    </section>
  );
}

const rate = (perSecond: number): string => `${perSecond.toFixed(1)} a second`;

type Worker = Queue['workers'][number];

function Workers({ workers }: { readonly workers: Queue['workers'] }) {
  const now = useNow(workers.length > 0);
  const lastAsked = ({ lastSeenAt }: Worker) =>
    lastSeenAt === null ? '–' : <Time iso={lastSeenAt} now={now} />;
  const columns: readonly Column<Worker>[] = [
    { title: 'Worker', cell: ({ identity }) => identity },
    { title: 'Last asked', number: true, cell: lastAsked },
  ];
  return (
    <section>
      <h2>Workers</h2>
      {workers.length === 0 ? (
        <div class="note note-bad">
          <p>
            <strong>No worker asks for work.</strong>
          </p>
          <p>
            Jobs stay queued until one does. Start one: <code>npx longhaul worker</code>
          </p>
        </div>
      ) : (
        <Table columns={columns} rows={workers} keyOf={({ identity }) => identity} />
      )}
    </section>
  );
}
