// The state of a job: a word and a picture, so that colour is never needed to tell.
import type { JobState } from '../../core/job.js';
import { Icon } from './icon.js';

export function State({ state }: { readonly state: JobState }) {
  return (
    <span class={`state state-${state}`}>
      <Icon name={state} />
      {state}
    </span>
  );
}
