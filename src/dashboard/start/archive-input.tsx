// Names an archive: by writing its place, or by choosing among those that the latest backups have written there.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api.js';
import { asSource } from '../archives.js';
import type { Job } from '../../core/job.js';
import { counted, fullTime } from '../words.js';
import type { Naming } from './control.js';

interface ArchiveInputProps {
  readonly naming: Naming;
  readonly value: string;
  readonly set: (text: string) => void;
  /** The connection that holds it; '' while none is chosen. */
  readonly connection: string;
}

export function ArchiveInput({ naming, value, set, connection }: ArchiveInputProps) {
  const backups = useBackups(connection);
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
        {backups.map((job) => (
          <option key={job.id} value={asSource(job)?.['source.archive'] ?? ''} label={aboutBackup(job)} />
        ))}
      </datalist>
    </>
  );
}

/** Empty where they cannot be had: an archive can be named all the same. */
function useBackups(connection: string): readonly Job[] {
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  useEffect(() => {
    setJobs([]);
    if (connection === '') return undefined;
    let current = true;
    api.jobs({ kind: 'backup', state: 'completed', sink: connection, limit: '50' }).then(
      (page) => current && setJobs(page.jobs),
      () => undefined,
    );
    return () => void (current = false);
  }, [connection]);
  return jobs;
}

function aboutBackup({ source, createdAt, progress }: Job): string {
  return `${source.connection}, ${fullTime(Date.parse(createdAt))}, ${counted(progress.records, 'record')}`;
}
