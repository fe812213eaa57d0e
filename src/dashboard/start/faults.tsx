// Why the API did not take the form: all faults in one place that takes the focus, each leading to its field.
import { useEffect, useRef } from 'preact/hooks';
import type { Trouble } from '../api.js';
import type { JobKind } from '../../core/job.js';
import { Prose } from '../ui/prose.js';
import { fieldsOf, type Field } from './fields.js';
import { fieldId } from './field-id.js';
import type { placeFaults } from './values.js';

interface FaultsProps {
  readonly trouble: Trouble;
  readonly kind: JobKind;
  readonly faults: ReturnType<typeof placeFaults>;
}

export function Faults({ trouble, kind, faults }: FaultsProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const { byPath, rest } = faults;
  const placed = fieldsOf(kind).filter(({ path }) => byPath.has(path));
  const alone = placed.length + rest.length === 0;
  return (
    <div ref={box} class="note note-bad" role="alert" tabIndex={-1}>
      <p>
        <strong>{alone ? trouble.message : 'The job was not started.'}</strong>
      </p>
      <p>{alone ? <Prose text={trouble.hint} /> : 'What you typed is kept. To correct:'}</p>
      {!alone && (
        <ul>
          {placed.map((field) => (
            <li key={field.path}>
              <FieldLink field={field} />: {byPath.get(field.path)?.join('; ')}
            </li>
          ))}
          {rest.map(({ path, message }) => (
            <li key={path}>
              {path && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function FieldLink({ field }: { readonly field: Field }) {
  const lead = (event: Event): void => {
    event.preventDefault();
    const place = document.getElementById(fieldId(field.path));
    place?.closest('details')?.setAttribute('open', '');
    place?.focus();
  };
  return (
    <a href={`#${fieldId(field.path)}`} onClick={lead}>
      {field.label}
    </a>
  );
}
