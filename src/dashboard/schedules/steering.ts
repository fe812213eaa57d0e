// What is done to a schedule from the list, and shown at once: the list itself is behind by up to a second.
import { useEffect, useState } from 'preact/hooks';
import type { ListedSchedule } from '../../api/schedules/contracts.js';
import { api, type Trouble } from '../api.js';
import { announce } from '../ui/announce.js';

export type Act = 'pause' | 'resume' | 'trigger';

export function useSchedule({ name, paused: listed, last }: ListedSchedule) {
  const [asked, setAsked] = useState<boolean | null>(null);
  const [started, setStarted] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => setAsked((before) => (before === listed ? null : before)), [listed]);
  useEffect(() => setStarted(null), [last?.job]);

  async function doIt(action: Act): Promise<void> {
    if (action !== 'trigger') {
      const { paused } = await api.steerSchedule(name, action);
      setAsked(paused === listed ? null : paused);
      announce(`${name} is ${paused ? 'paused' : 'resumed'}`);
      return;
    }
    const { job } = await api.trigger(name);
    setStarted(job);
    announce(job === null ? `${name}: the job starts after the one before` : `Started ${job}`);
  }

  async function act(action: Act): Promise<void> {
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    await doIt(action).catch(setTrouble);
    setBusy(false);
  }
  return { paused: asked ?? listed, started, trouble, busy, act };
}
