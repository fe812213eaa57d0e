// Starts a job by a form that is made from the connections there are.
import { useContext, useRef, useState } from 'preact/hooks';
import { api, type Connection, type Trouble } from '../api.js';
import { go } from '../hooks/route.js';
import { usePolled } from '../hooks/polled.js';
import { jobHref, type Query } from '../route.js';
import { SessionContext, useMay } from '../session.js';
import { useDraft } from '../start/draft.js';
import { Faults } from '../start/faults.js';
import { FORMS, fieldsOf } from '../start/fields.js';
import { KindChoice } from '../start/kind-choice.js';
import { Sections } from '../start/sections.js';
import { bodyOf, curlOf, placeFaults } from '../start/values.js';
import { Page } from '../ui/page.js';
import { TroubleNote } from '../ui/trouble.js';

export function StartPage({ query }: { readonly query: Query }) {
  if (useMay('operator')) return <Start query={query} />;
  return (
    <Page title="Start a job">
      <p>Your key may look only. To start jobs takes one with the role operator.</p>
    </Page>
  );
}

function Start({ query }: { readonly query: Query }) {
  const { data, trouble } = usePolled('connections', api.connections, 60_000);
  return (
    <Page title="Start a job">
      <TroubleNote trouble={trouble} />
      {data ? <Form query={query} connections={data} /> : <p class="quiet">Asking for the connections …</p>}
    </Page>
  );
}

interface FormProps {
  readonly query: Query;
  readonly connections: readonly Connection[];
}

function Form({ query, connections }: FormProps) {
  const { draft, setKind, set, forget } = useDraft(query);
  const { trouble, busy, start } = useStart(forget);
  const hasKeys = useContext(SessionContext)?.name != null;
  const body = bodyOf(draft.kind, draft.values);
  const faults = placeFaults(fieldsOf(draft.kind), trouble?.problem?.errors ?? []);
  const submit = (event: Event): void => {
    event.preventDefault();
    void start(body);
  };
  return (
    <form class="start" noValidate onSubmit={submit}>
      <KindChoice kind={draft.kind} choose={setKind} />
      {trouble && <Faults key={String(trouble.stack)} trouble={trouble} kind={draft.kind} faults={faults} />}
      <Sections
        key={draft.kind}
        sections={FORMS[draft.kind]}
        form={{ values: draft.values, set, connections, faults: faults.byPath }}
      />
      <div class="actions">
        <button class="primary" aria-disabled={busy}>
          Start {draft.kind}
        </button>
      </div>
      <details class="folded">
        <summary>The same from a shell</summary>
        <pre tabIndex={0}>{curlOf({ origin: location.origin, hasKeys }, body)}</pre>
      </details>
    </form>
  );
}

/** One click, one job: a second one while the first is on its way does nothing. */
function useStart(started: () => void) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const start = async (body: object): Promise<void> => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setTrouble(null);
    try {
      const job = await api.start(body);
      started();
      go(jobHref(job.id));
    } catch (error) {
      setTrouble(error as Trouble);
    }
    sending.current = false;
    setBusy(false);
  };
  return { trouble, busy, start };
}
