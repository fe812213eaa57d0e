// What a job that is done has proven.
import type { Finding, SealSummary } from '../../core/connector.js';
import type { Job } from '../../core/job.js';
import { bytes, count, counted } from '../words.js';

export function Result({ job }: { readonly job: Job }) {
  const { result } = job;
  if (!result) return null;
  return (
    <section>
      <h2>Result</h2>
      <dl class="facts">
        {figuresOf(result).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {result.notes?.map((note) => (
        <p key={note}>{note}</p>
      ))}
      {result.findings && (
        <Findings
          findings={result.findings}
          total={result.findingsTotal ?? 0}
          ofSample={result.sample !== undefined}
        />
      )}
    </section>
  );
}

function figuresOf({ records, bytes: size, storedBytes, segments, sample, files }: SealSummary) {
  const figures: (readonly [string, string])[] = [
    ['Records', count(records)],
    ['Size', bytes(size)],
  ];
  if (storedBytes > 0) figures.push(['Stored', `${bytes(storedBytes)} (${share(storedBytes, size)})`]);
  if (segments > 0) figures.push(['Segments', count(segments)]);
  if (sample)
    figures.push(['Sample', `${count(sample.read.segments)} of ${count(sample.of.segments)} segments`]);
  if (files !== undefined) figures.push(['Files', count(files)]);
  return figures;
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;

interface FindingsProps {
  readonly findings: readonly Finding[];
  readonly total: number;
  /** Not every object was read. */
  readonly ofSample: boolean;
}

function Findings({ findings, total, ofSample }: FindingsProps) {
  if (findings.length === 0)
    return <p>Every object is there{ofSample ? '; what was read is intact.' : ' and intact.'}</p>;
  return (
    <>
      <h3>{counted(total, 'finding')}</h3>
      <ul class="findings">
        {findings.map(({ path, problem, detail }) => (
          <li key={path}>
            <strong>{problem}</strong> <code>{path}</code>
            <span class="quiet"> {detail}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
