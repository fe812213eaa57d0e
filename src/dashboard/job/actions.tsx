// The buttons that steer a job: those that its state allows. A cancel is asked about first.
import { useRef, useState } from 'preact/hooks';
import { api, type Action, type Trouble } from '../api.js';
import type { Job, JobState } from '../../core/job.js';
import { useMay } from '../session.js';
import { TroubleNote } from '../ui/trouble.js';
import { ConfirmCancel } from './confirm-cancel.js';

type Steer = (action: Action) => Promise<void>;

/** The one thing one most likely wants to do; null: there is none. */
const MAIN: Readonly<Record<JobState, Exclude<Action, 'cancel'> | null>> = {
  queued: 'pause',
  running: 'pause',
  waiting: 'pause',
  paused: 'resume',
  failed: 'retry',
  cancelling: null,
  completed: null,
  cancelled: null,
};
const CANCELLABLE: ReadonlySet<JobState> = new Set(['queued', 'running', 'waiting', 'paused']);

interface ActionsProps {
  readonly job: Job;
  readonly update: (job: Job) => void;
}

export function Actions({ job, update }: ActionsProps) {
  const { trouble, busy, steer } = useSteer(job.id, update);
  const maySteer = useMay('operator');
  const main = maySteer && MAIN[job.state];
  return (
    <div class="actions">
      {/* One button that changes its name, so that it keeps the focus. */}
      {main && <MainButton key="main" action={main} busy={busy} steer={steer} />}
      {maySteer && CANCELLABLE.has(job.state) && <CancelButton key="cancel" job={job} steer={steer} />}
      {job.webUi && (
        <a key="ui" class="outside" href={job.webUi} target="_blank" rel="noreferrer">
          Temporal’s Web UI
        </a>
      )}
      <TroubleNote trouble={trouble} />
    </div>
  );
}

function useSteer(id: string, update: (job: Job) => void) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [busy, setBusy] = useState(false);
  const steer: Steer = async (action) => {
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    await api.steer(id, action).then(update, setTrouble);
    setBusy(false);
  };
  return { trouble, busy, steer };
}

interface MainButtonProps {
  readonly action: Exclude<Action, 'cancel'>;
  readonly busy: boolean;
  readonly steer: Steer;
}

const NAMES = { pause: 'Pause', resume: 'Resume', retry: 'Retry' };

function MainButton({ action, busy, steer }: MainButtonProps) {
  return (
    <button
      type="button"
      class={action === 'pause' ? '' : 'primary'}
      aria-disabled={busy}
      onClick={() => void steer(action)}
    >
      {NAMES[action]}
    </button>
  );
}

function CancelButton({ job, steer }: { readonly job: Job; readonly steer: Steer }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Cancel …
      </button>
      <ConfirmCancel dialog={dialog} job={job} confirmed={() => void steer('cancel')} />
    </>
  );
}
