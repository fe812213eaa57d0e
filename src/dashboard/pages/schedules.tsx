// The schedules: when each starts its next job, and what can be done with it.
import { api } from '../api.js';
import { usePolled } from '../hooks/polled.js';
import { ScheduleTable } from '../schedules/table.js';
import { Page } from '../ui/page.js';
import { TroubleNote } from '../ui/trouble.js';

const LOOK_EVERY_MS = 3_000;

export function SchedulesPage() {
  const { data, trouble } = usePolled('schedules', api.schedules, LOOK_EVERY_MS);
  return (
    <Page title="Schedules">
      <p class="lead">
        Jobs that start by themselves. <code>longhaul schedules add</code> makes another one.
      </p>
      <TroubleNote trouble={trouble} />
      {data && data.length > 0 && <ScheduleTable schedules={data} />}
      {data?.length === 0 && <p class="empty">There is no schedule yet.</p>}
      {data === null && !trouble && <p class="quiet">Asking for the schedules …</p>}
    </Page>
  );
}
