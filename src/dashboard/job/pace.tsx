// What pace the job keeps; while it runs, with a field to change that.
import { useState } from 'preact/hooks';
import { ENDED, type Job } from '../../core/job.js';
import { api, type Trouble } from '../api.js';
import { useMay } from '../session.js';
import { TroubleNote } from '../ui/trouble.js';

const FIELD = 'requestsPerSecond';

interface PaceProps {
  readonly job: Job;
  readonly update: (job: Job) => void;
}

export function Pace({ job, update }: PaceProps) {
  const { requestsPerSecond: pace } = job;
  const mayChange = useMay('operator');
  if (!mayChange || job.state === 'cancelling' || ENDED.includes(job.state)) return <>{pace ?? 'no bound'}</>;
  return <PaceForm key={pace} job={job} update={update} />;
}

/** An empty field takes the bound away. */
function PaceForm({ job, update }: PaceProps) {
  const [text, setText] = useState(String(job.requestsPerSecond ?? ''));
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [typo, setTypo] = useState('');
  const refused = (trouble?.problem?.errors ?? []).filter(({ path }) => path === FIELD);
  const fault = typo || refused.map(({ message }) => message).join('; ');
  const submit = (event: Event): void => {
    event.preventDefault();
    const pace = text.trim() === '' ? null : Number(text);
    setTrouble(null);
    setTypo(Number.isNaN(pace) ? 'Expected a number, or nothing.' : '');
    if (!Number.isNaN(pace)) void api.change(job.id, { requestsPerSecond: pace }).then(update, setTrouble);
  };
  return (
    <form class="pace" noValidate onSubmit={submit}>
      <input
        name={FIELD}
        aria-label="Requests a second"
        aria-describedby="pace-fault"
        aria-invalid={fault !== ''}
        inputMode="decimal"
        autocomplete="off"
        placeholder="no bound"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button class="small">Set</button>
      <span class="fault" id="pace-fault" role="status">
        {fault}
      </span>
      {refused.length === 0 && <TroubleNote trouble={trouble} />}
    </form>
  );
}
