// Asks before a job is cancelled: it cannot be taken back.
import type { RefObject } from 'preact';
import type { Job, JobKind } from '../../core/job.js';

const LOSES: Readonly<Record<JobKind, string>> = {
  backup: 'What it has written to the archive is removed.',
  export: 'The files it has written are removed.',
  restore: 'The records that it has already written stay in the target.',
  copy: 'The objects that it has already copied stay in the target.',
  verify: 'What it has found is lost.',
};

interface ConfirmCancelProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly job: Job;
  readonly confirmed: () => void;
}

export function ConfirmCancel({ dialog, job, confirmed }: ConfirmCancelProps) {
  const cancel = (): void => {
    dialog.current?.close();
    confirmed();
  };
  return (
    <dialog ref={dialog} aria-labelledby="cancel-title">
      <h2 id="cancel-title">Cancel this job?</h2>
      <p>{LOSES[job.kind]} A cancelled job cannot be taken up again; a paused one can.</p>
      <div class="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" class="danger" onClick={cancel}>
          Cancel the job
        </button>
      </div>
    </dialog>
  );
}
