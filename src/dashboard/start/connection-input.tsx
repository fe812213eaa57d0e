// Chooses a connection among those that can be what the field needs.
import type { Field } from './fields.js';
import type { FormState, Naming } from './form.js';

interface ConnectionInputProps {
  readonly naming: Naming;
  readonly value: string;
  readonly set: (text: string) => void;
  readonly field: Extract<Field, { type: 'connection' }>;
  readonly form: FormState;
}

export function ConnectionInput({ naming, value, set, field, form }: ConnectionInputProps) {
  const able = form.connections.filter(({ roles }) => field.roles.some((role) => roles.includes(role)));
  const isThere = value === '' || able.some(({ name }) => name === value);
  return (
    <select {...naming} value={value} onChange={(event) => set(event.currentTarget.value)}>
      <option value="">{able.length === 0 ? 'none is configured that can be this' : 'choose …'}</option>
      {!isThere && <option>{value}</option>}
      {able.map(({ name, type }) => (
        <option key={name} value={name}>
          {name} ({type})
        </option>
      ))}
    </select>
  );
}
