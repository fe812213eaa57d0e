// The schedules as a table: when, what came last, and the buttons.
import type { ListedSchedule } from '../../api/schedules/contracts.js';
import { hrefOf, jobHref } from '../route.js';
import { May } from '../session.js';
import { Icon } from '../ui/icon.js';
import { Time } from '../ui/time.js';
import { TroubleNote } from '../ui/trouble.js';
import { useSchedule } from './steering.js';

export function ScheduleTable({ schedules }: { readonly schedules: readonly ListedSchedule[] }) {
  return (
    <table class="schedules">
      <thead>
        <tr>
          <th scope="col">Schedule</th>
          <th scope="col">Next</th>
          <th scope="col" class="wide">
            Last job
          </th>
          <th scope="col">
            <span class="unseen">What can be done</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => (
          <Row key={schedule.name} schedule={schedule} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ schedule }: { readonly schedule: ListedSchedule }) {
  const { name, last } = schedule;
  const { paused, started, trouble, busy, act } = useSchedule(schedule);
  const job = started ?? last?.job;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf('jobs', { schedule: name })}>{name}</a>
        <span class="quiet way">{wayOf(schedule)}</span>
        <span class="quiet way">{whenOf(schedule)}</span>
      </th>
      <td>
        <Next schedule={schedule} paused={paused} />
      </td>
      <td class="wide">{job === undefined ? '–' : <a href={jobHref(job)}>{job}</a>}</td>
      <td>
        <May role="operator">
          <div class="actions">
            <Button name={name} title="Run now" busy={busy} onClick={() => act('trigger')} />
            {/* One button that changes its name, so that it keeps the focus. */}
            <Button
              name={name}
              title={paused ? 'Resume' : 'Pause'}
              busy={busy}
              onClick={() => act(paused ? 'resume' : 'pause')}
            />
          </div>
        </May>
        <TroubleNote trouble={trouble} />
      </td>
    </tr>
  );
}

interface ButtonProps {
  readonly name: string;
  readonly title: string;
  readonly busy: boolean;
  readonly onClick: () => Promise<void>;
}

function Button({ name, title, busy, onClick }: ButtonProps) {
  return (
    <button
      type="button"
      class="small"
      aria-label={`${title} ${name}`}
      aria-disabled={busy}
      onClick={() => void onClick()}
    >
      {title}
    </button>
  );
}

function Next({
  schedule: { next, note },
  paused,
}: {
  readonly schedule: ListedSchedule;
  readonly paused: boolean;
}) {
  if (paused) {
    return (
      <>
        <span class="state state-paused">
          <Icon name="paused" />
          paused
        </span>
        {note !== null && note !== 'paused' && <span class="quiet way">{note}</span>}
      </>
    );
  }
  return next === null ? <span class="quiet">never</span> : <Time iso={next} />;
}

function wayOf({ kind, source, sink, tenant }: ListedSchedule): string {
  return `${kind} ${source ?? ''}${sink === null ? '' : ` → ${sink}`}${tenant === null ? '' : ` · ${tenant}`}`;
}

function whenOf({ cron, timeZone, every }: ListedSchedule): string {
  return cron === null ? `every ${every}` : `${cron} ${timeZone ?? 'UTC'}`;
}
