// Names an archive: by writing its place, or by choosing among those that lie in the store.
import { useEffect, useState } from 'preact/hooks';
import { api, type Archive } from '../api.js';
import { counted, fullTime } from '../words.js';
import type { Naming } from './form.js';

interface ArchiveInputProps {
  readonly naming: Naming;
  readonly value: string;
  readonly set: (text: string) => void;
  /** The connection that holds it; '' while none is chosen. */
  readonly connection: string;
  /** What it must be an archive of; null: whatever. */
  readonly source: string | null;
}

export function ArchiveInput({ naming, value, set, connection, source }: ArchiveInputProps) {
  const all = useArchives(connection);
  const archives = source === null ? all : all.filter((archive) => archive.source.connection === source);
  const list = `${naming.id}-known`;
  return (
    <>
      <input
        {...naming}
        list={list}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
      <datalist id={list}>
        {archives.map((archive) => (
          <option key={archive.path} value={archive.path} label={about(archive)} />
        ))}
      </datalist>
    </>
  );
}

/** Empty where they cannot be had: an archive can be named all the same. */
function useArchives(connection: string): readonly Archive[] {
  const [known, setKnown] = useState<readonly Archive[]>([]);
  useEffect(() => {
    setKnown([]);
    if (connection === '') return undefined;
    let current = true;
    api.archives({ connection, limit: '200' }).then(
      ({ archives }) => current && setKnown(archives.filter(({ kind }) => kind === 'archive')),
      () => undefined,
    );
    return () => void (current = false);
  }, [connection]);
  return known;
}

function about({ source, completedAt, records }: Archive): string {
  return `${source.connection}, ${fullTime(Date.parse(completedAt))}, ${counted(records, 'record')}`;
}
