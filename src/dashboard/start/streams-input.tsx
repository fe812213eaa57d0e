// Chooses streams: from a list where the config names them, else by writing their names.
import type { FormState, Naming } from './form.js';

interface StreamsInputProps {
  readonly naming: Naming;
  /** One a line. */
  readonly value: string;
  readonly set: (text: string) => void;
  readonly form: FormState;
}

export function StreamsInput({ naming, value, set, form }: StreamsInputProps) {
  const chosen = form.connections.find(({ name }) => name === form.values['source.connection']);
  const known = chosen?.streams ?? null;
  const names = value.split('\n').filter(Boolean);
  if (known === null || names.some((name) => !known.includes(name))) {
    return (
      <textarea
        {...naming}
        rows={3}
        spellcheck={false}
        placeholder="one a line"
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    );
  }
  const toggle = (name: string, on: boolean): void =>
    set(known.filter((each) => (each === name ? on : names.includes(each))).join('\n'));
  const { name: _, 'aria-invalid': __, ...group } = naming;
  return (
    <div {...group} role="group" aria-labelledby={`${naming.id}-label`} class="choices" tabIndex={-1}>
      {known.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={names.includes(name)}
            onChange={(event) => toggle(name, event.currentTarget.checked)}
          />
          {name}
        </label>
      ))}
    </div>
  );
}
