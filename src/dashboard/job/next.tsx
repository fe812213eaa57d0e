// What one may want to start after this job, with the form filled in.
import { asSource, USES } from '../archives/uses.js';
import type { Job } from '../../core/job.js';
import { valuesOf } from '../start/values.js';
import { hrefOf, type Query } from '../route.js';

export function Next({ job }: { readonly job: Job }) {
  return (
    <section>
      <h2>Next</h2>
      <ul class="next">
        {linksOf(job).map(([text, query]) => (
          <li key={text}>
            <a href={hrefOf('start', query)}>{text}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function linksOf(job: Job): (readonly [string, Query])[] {
  const archive = asSource(job);
  const uses = archive
    ? USES.map(([kind, title]) => [`${title} this archive`, { kind, ...archive }] as const)
    : [];
  return [...uses, ['Start another like it', likeIt(job)]];
}

/** But for the name of what it wrote, which is taken. */
function likeIt(job: Job): Query {
  const { 'sink.archive': _, 'sink.name': __, ...query } = valuesOf(job);
  return { kind: job.kind, ...query };
}
