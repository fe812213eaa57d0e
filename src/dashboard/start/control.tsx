// One field: its label, its control, what it means, and what is wrong with it.
import type { ComponentChildren } from 'preact';
import { May } from '../session.js';
import { Check } from '../ui/check.js';
import { ArchiveInput } from './archive-input.js';
import { ConnectionInput } from './connection-input.js';
import { fieldId } from './field-id.js';
import type { Field } from './fields.js';
import type { FormState, Naming } from './form.js';
import { StreamsInput } from './streams-input.js';

interface ControlProps {
  readonly field: Field;
  readonly form: FormState;
}

export function Control({ field, form }: ControlProps) {
  const id = fieldId(field.path);
  const faults = form.faults.get(field.path) ?? [];
  const naming: Naming = {
    id,
    name: field.path,
    'aria-describedby': `${id}-help ${id}-fault`,
    'aria-invalid': faults.length > 0,
  };
  if (field.type === 'flag') return <Flag field={field} form={form} naming={naming} faults={faults} />;
  return (
    <div class={`field field-${field.type}`}>
      <label for={id} id={`${id}-label`}>
        {field.label}
        {field.required && <span class="quiet"> (needed)</span>}
      </label>
      <Input field={field} form={form} naming={naming} />
      <Notes id={id} help={field.help} faults={faults} />
      {field.type === 'connection' && <CheckOf name={form.values[field.path] ?? ''} />}
    </div>
  );
}

function CheckOf({ name }: { readonly name: string }) {
  return name === '' ? null : (
    <May role="admin">
      <Check name={name} />
    </May>
  );
}

interface NotesProps {
  readonly id: string;
  readonly help: string | undefined;
  readonly faults: readonly string[];
}

function Notes({ id, help, faults }: NotesProps) {
  return (
    <>
      <span class="help quiet" id={`${id}-help`}>
        {help}
      </span>
      <span class="fault" id={`${id}-fault`}>
        {faults.join('; ')}
      </span>
    </>
  );
}

interface InputProps extends ControlProps {
  readonly naming: Naming;
}

function Input({ field, form, naming }: InputProps): ComponentChildren {
  const value = form.values[field.path] ?? '';
  const set = (text: string): void => form.set(field.path, text);
  const onInput = (event: InputEventOf): void => set(event.currentTarget.value);
  switch (field.type) {
    case 'connection':
      return <ConnectionInput naming={naming} value={value} set={set} field={field} form={form} />;
    case 'archive':
      return (
        <ArchiveInput
          naming={naming}
          value={value}
          set={set}
          connection={form.values[field.of] ?? ''}
          source={field.isBase ? (form.values['source.connection'] ?? '') : null}
        />
      );
    case 'streams':
      return <StreamsInput naming={naming} value={value} set={set} form={form} />;
    case 'choice':
      return <Choice naming={naming} value={value} set={set} choices={field.choices} />;
    case 'json':
      return <textarea {...naming} rows={2} spellcheck={false} value={value} onInput={onInput} />;
    default:
      return (
        <input
          {...naming}
          inputMode={field.type === 'number' ? 'numeric' : 'text'}
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={onInput}
        />
      );
  }
}

interface InputEventOf {
  readonly currentTarget: { readonly value: string };
}

interface ChoiceProps {
  readonly naming: Naming;
  readonly value: string;
  readonly set: (text: string) => void;
  readonly choices: readonly string[];
}

function Choice({ naming, value, set, choices }: ChoiceProps) {
  return (
    <select {...naming} value={value} onChange={(event) => set(event.currentTarget.value)}>
      <option value="">default</option>
      {choices.map((choice) => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  );
}

interface FlagProps extends InputProps {
  readonly faults: readonly string[];
}

function Flag({ field, form, naming, faults }: FlagProps) {
  return (
    <div class="field field-flag">
      <label>
        <input
          {...naming}
          type="checkbox"
          checked={form.values[field.path] === 'true'}
          onChange={(event) => form.set(field.path, event.currentTarget.checked ? 'true' : '')}
        />
        {field.label}
      </label>
      <Notes id={naming.id} help={field.help} faults={faults} />
    </div>
  );
}
