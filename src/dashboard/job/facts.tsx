// What else there is to know of a job.
import type { ComponentChildren } from 'preact';
import type { Job } from '../../core/job.js';
import { Lanes } from './lanes.js';
import { Pace } from './pace.js';
import { Time } from '../ui/time.js';
import { count } from '../words.js';

interface FactsProps {
  readonly job: Job;
  readonly update: (job: Job) => void;
}

export function Facts({ job, update }: FactsProps) {
  return (
    <section>
      <h2>Facts</h2>
      <dl class="facts">
        {job.lanes !== null && (
          <Fact label="Lanes" value={<Lanes job={job} lanes={job.lanes} update={update} />} />
        )}
        <Fact label="Requests a second" value={<Pace job={job} update={update} />} />
        {factsOf(job).map(([label, value]) => (
          <Fact key={label} label={label} value={value} />
        ))}
      </dl>
    </section>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </>
  );
}

type Row = readonly [string, ComponentChildren];

function factsOf(job: Job): Row[] {
  const { progress, source } = job;
  return [
    ['Requests', `${count(progress.requests)} for ${count(progress.pages)} pages`],
    ['Retries', count(progress.retries)],
    ['Rejects', count(progress.rejects)],
    ['Streams asked for', source.streams?.join(', ') ?? 'all'],
    ...timesOf(job),
    ...optionsOf(job),
  ];
}

function timesOf({ createdAt, startedAt, endedAt }: Job): Row[] {
  const times = [
    ['Created', createdAt],
    ['Started', startedAt],
    ['Ended', endedAt],
  ] as const;
  return times.flatMap(([label, iso]) => (iso === null ? [] : [[label, <Time iso={iso} />] as const]));
}

/** As they were asked for, by the names that the API has for them. Where it writes is said above. */
function optionsOf({ options, sink }: Job): Row[] {
  const given = Object.entries({ ...sink, ...options }).filter(([name]) => !PLACES.has(name));
  return given.map(([name, value]) => [
    name,
    <code key={name}>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</code>,
  ]);
}

/** Said elsewhere. */
const PLACES = new Set(['lanes', 'connection', 'prefix', 'archive', 'name']);
