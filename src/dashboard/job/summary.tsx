// How far a job is, at one glance.
import type { Job } from '../../core/job.js';
import { useNow } from '../hooks/clock.js';
import { waitText } from '../kinds.js';
import { Bar } from '../ui/bar.js';
import { Time } from '../ui/time.js';
import { bytes, count, duration, percent, perSecond } from '../words.js';

export function Summary({ job }: { readonly job: Job }) {
  const { progress, state } = job;
  return (
    <section class="summary" aria-label="Progress">
      <div class="figures">
        {figuresOf(job).map(([label, value, of]) => (
          <div key={label} class="figure-box">
            <span class="quiet">{label}</span>
            <span class="figure">{value}</span>
            <span class="quiet">{of}</span>
          </div>
        ))}
      </div>
      <Bar label="Progress" value={progress.percent} moving={state === 'running'} />
      <Waiting job={job} />
    </section>
  );
}

/** Label, figure, and what it is measured by. */
function figuresOf({ progress, state, endedAt, startedAt }: Job): (readonly [string, string, string])[] {
  const { percent: done, estimatedRecords, recordsPerSecond, etaSeconds } = progress;
  const total = state !== 'completed' && estimatedRecords !== null ? `of ${count(estimatedRecords)}` : '';
  const took = endedAt && startedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 : null;
  return [
    ['Done', done === null ? '–' : percent(done), done === null ? 'the total is not known' : ''],
    ['Records', count(progress.records), total],
    ['Size', bytes(progress.bytes), 'before compression'],
    took === null
      ? ['Rate', recordsPerSecond === null ? '–' : perSecond(recordsPerSecond), 'records']
      : ['Rate', perSecond(progress.records / Math.max(took, 0.1)), 'records, on average'],
    took === null
      ? ['Left', etaSeconds === null ? '–' : duration(etaSeconds), etaSeconds === null ? '' : 'at this rate']
      : ['Took', duration(took), ''],
  ];
}

function Waiting({ job }: { readonly job: Job }) {
  const { waitingUntil } = job.progress;
  const now = useNow(waitingUntil !== null);
  if (waitingUntil === null) return null;
  return (
    <div class="note">
      <p>
        <strong>
          Waits until <Time iso={waitingUntil} now={now} />
        </strong>
        , another {duration((Date.parse(waitingUntil) - now) / 1_000)}, and goes on by itself.
      </p>
      <p>{waitText(job.progress)}</p>
    </div>
  );
}
