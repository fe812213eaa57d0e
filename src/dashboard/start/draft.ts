// What was typed into the form is kept until its job has started, also when the reader looks at another page meanwhile.
import { useState } from 'preact/hooks';
import type { JobKind } from '../../core/job.js';
import { KINDS } from '../kinds.js';
import type { Query } from '../route.js';
import type { Values } from './values.js';

export interface Draft {
  readonly kind: JobKind;
  readonly values: Values;
}

const EMPTY: Draft = { kind: 'backup', values: {} };
let kept = EMPTY;

/** A link with values begins a draft of its own; the bare page goes on with the last one. */
export function useDraft(query: Query) {
  const [draft, setDraft] = useState<Draft>(() => (Object.keys(query).length > 0 ? draftOf(query) : kept));
  const change = (next: Draft): void => {
    kept = next;
    setDraft(next);
  };
  return {
    draft,
    setKind: (kind: JobKind) => change({ ...draft, kind }),
    set: (path: string, value: string) => change({ ...draft, values: { ...draft.values, [path]: value } }),
    forget: () => (kept = EMPTY),
  };
}

function draftOf({ kind, ...values }: Query): Draft {
  return { kind: KINDS.find((known) => known === kind) ?? EMPTY.kind, values };
}
