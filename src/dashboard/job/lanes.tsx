// In how many lanes the job works; while it runs, with a way to change that.
import { useState } from 'preact/hooks';
import { ENDED, type Job } from '../../core/job.js';
import { api, type Trouble } from '../api.js';
import { useMay } from '../session.js';
import { TroubleNote } from '../ui/trouble.js';

const MOST = 64;

interface LanesProps {
  readonly job: Job;
  readonly lanes: number;
  readonly update: (job: Job) => void;
}

export function Lanes({ job, lanes, update }: LanesProps) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const mayChange = useMay('operator');
  const set = (asked: number) => {
    setTrouble(null);
    void api.change(job.id, { lanes: asked }).then(update, setTrouble);
  };
  const button = (sign: string, name: string, asked: number) => (
    <button type="button" aria-label={name} disabled={asked < 1 || asked > MOST} onClick={() => set(asked)}>
      {sign}
    </button>
  );
  if (!mayChange || job.state === 'cancelling' || ENDED.includes(job.state)) return <>{lanes}</>;
  return (
    <span class="lanes">
      {button('−', 'One lane less', lanes - 1)} {lanes} {button('+', 'One lane more', lanes + 1)}
      <TroubleNote trouble={trouble} />
    </span>
  );
}
