// The fields of a kind of job, in their sections; what most jobs do without is folded away, unless it holds something.
import { useEffect, useState } from 'preact/hooks';
import { isAsked } from './asked.js';
import { Control } from './control.js';
import type { Field, Section } from './fields.js';
import type { FormState } from './form.js';

interface SectionsProps {
  readonly sections: readonly Section[];
  readonly form: FormState;
}

export function Sections({ sections, form }: SectionsProps) {
  return (
    <>
      {sections.map((section) =>
        section.folded ? (
          <Folded key={section.title} section={section} form={form} />
        ) : (
          <fieldset key={section.title} class="section">
            <legend>{section.title}</legend>
            <Fields fields={section.fields} form={form} />
          </fieldset>
        ),
      )}
    </>
  );
}

function Folded({ section, form }: { readonly section: Section; readonly form: FormState }) {
  const isFaulty = section.fields.some(({ path }) => form.faults.has(path));
  const [open, setOpen] = useState(() => section.fields.some(({ path }) => form.values[path]));
  useEffect(() => setOpen((before) => before || isFaulty), [isFaulty]);
  return (
    <details class="folded" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{section.title}</summary>
      <div class="section">
        <Fields fields={section.fields} form={form} />
      </div>
    </details>
  );
}

function Fields({ fields, form }: { readonly fields: readonly Field[]; readonly form: FormState }) {
  return (
    <div class="fields">
      {fields
        .filter((field) => isAsked(field, form.values, form.connections))
        .map((field) => (
          <Control key={field.path} field={field} form={form} />
        ))}
    </div>
  );
}
