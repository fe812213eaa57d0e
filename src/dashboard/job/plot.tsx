// The rate over the life of a job: what this page saw as a line, the time before as its average, dashed.
import type { Job } from '../../core/job.js';
import { useNow } from '../hooks/clock.js';
import { clockTime, count, perSecond } from '../words.js';
import { curveOf, samplesOf, type Curve } from './rates.js';

const WIDTH = 600;
const HEIGHT = 120;

export function Plot({ job }: { readonly job: Job }) {
  const now = useNow(job.endedAt === null);
  const curve = job.progress.records === 0 ? null : curveOf(job, samplesOf(job.id), now);
  return (
    <section class="plot">
      <h2>Rate</h2>
      {curve ? (
        <Drawing curve={curve} />
      ) : (
        <p class="quiet">{job.endedAt === null ? 'No record is through yet.' : 'No record came through.'}</p>
      )}
    </section>
  );
}

function Drawing({ curve }: { readonly curve: Curve }) {
  const { from, to, average, samples, top } = curve;
  const x = scaleOf(curve);
  const y = (rate: number): number => HEIGHT - (rate / top) * (HEIGHT - 4);
  const last = samples.at(-1);
  const line = [...samples, ...(last ? [{ ...last, at: to }] : [])]
    .map(({ at, rate }, i) => `${i === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(rate).toFixed(1)}`)
    .join('');
  const area = samples[0] && `${line}V${HEIGHT}H${x(samples[0].at).toFixed(1)}Z`;
  return (
    <figure>
      <figcaption>
        <span>up to {perSecond(top)} records</span>
        {average && <span class="quiet">dashed: average of the time before you looked</span>}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={said(curve)}>
        <path class="plot-floor" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
        {average && <path class="plot-average" d={`M0 ${y(average.rate)}H${x(average.until)}`} />}
        {area && <path class="plot-area" d={area} />}
        {line && <path class="plot-line" d={line} />}
      </svg>
      <div class="plot-ends quiet">
        <span>{clockTime(from)}</span>
        {average && samples[0] && x(average.until) > WIDTH / 5 && (
          <span class="plot-begin" style={{ left: `${(x(average.until) / WIDTH) * 100}%` }}>
            {clockTime(samples[0].at)}
          </span>
        )}
        <span>{clockTime(to)}</span>
      </div>
    </figure>
  );
}

/** The time that nobody watched takes a quarter of the width at most: what is happening now is what one wants to see. */
function scaleOf({ from, to, average, samples }: Curve): (at: number) => number {
  const until = average?.until ?? from;
  const share = samples.length === 0 ? 1 : Math.min(0.25, (until - from) / (to - from));
  const before = (at: number): number => ((at - from) / (until - from || 1)) * share;
  const after = (at: number): number => share + ((at - until) / (to - until || 1)) * (1 - share);
  return (at) => WIDTH * (at <= until && average ? before(at) : after(at));
}

function said({ samples, average, top }: Curve): string {
  const last = samples.at(-1)?.rate ?? average?.rate ?? 0;
  return `Records a second over time: ${count(Math.round(top))} at most, ${count(Math.round(last))} at the end.`;
}
