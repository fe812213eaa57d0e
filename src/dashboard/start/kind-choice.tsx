// Which kind of job to start.
import type { JobKind } from '../../core/job.js';
import { aboutKind, KINDS } from '../kinds.js';

interface KindChoiceProps {
  readonly kind: JobKind;
  readonly choose: (kind: JobKind) => void;
}

export function KindChoice({ kind, choose }: KindChoiceProps) {
  return (
    <fieldset class="kinds">
      <legend>Kind</legend>
      {KINDS.map((each) => (
        <label key={each} class="kind">
          <input
            type="radio"
            name="kind"
            value={each}
            checked={each === kind}
            onChange={() => choose(each)}
            aria-describedby={`about-${each}`}
          />
          <span class="kind-name">{each}</span>
          <span class="quiet" id={`about-${each}`}>
            {aboutKind(each)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
