// The fields of filters: one of several, or a text.
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../api/contracts.js';
import { api, type Connection } from '../api.js';

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly set: (value: string) => void;
}

/** A value that is no option any more, such as a connection that was removed, stays to be seen. */
export function Choice({ label, value, options, set }: ChoiceProps) {
  const all = value === '' || options.includes(value) ? options : [value, ...options];
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">any</option>
        {all.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}

interface TextProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly set: (value: string) => void;
  /** Of the last answer; those of this field stand beside it. */
  readonly faults: Faults;
}

export type Faults = NonNullable<Problem['errors']>;

/** What is typed stays while the page is drawn anew around it, until the filter itself becomes another. */
export function Text({ label, name, value, set, faults }: TextProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const own = faults.filter(({ path }) => path === name).map(({ message }) => message);
  return (
    <label>
      {label}
      <input
        type="search"
        name={name}
        placeholder="any"
        aria-describedby={`filter-${name}-fault`}
        aria-invalid={own.length > 0}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => set(event.currentTarget.value.trim())}
      />
      <span class="fault" id={`filter-${name}-fault`} role="status">
        {own.join('; ')}
      </span>
    </label>
  );
}

/** Empty until they are known; without them a list can still be read. */
export function useConnections(): readonly Connection[] {
  const [known, setKnown] = useState<readonly Connection[]>([]);
  useEffect(() => {
    api.connections().then(setKnown, () => undefined);
  }, []);
  return known;
}
