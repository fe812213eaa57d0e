// One job, live: the events of the API, taken up again by the browser after a break, and by us where it gives up.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { api, pathOf, Trouble } from '../api.js';
import { ENDED, type Job } from '../../core/job.js';
import { remember } from '../job/rates.js';
import { useVisible } from './visible.js';

export interface LiveJob {
  readonly job: Job | null;
  /** What keeps the figures from being live; null while they are. */
  readonly trouble: Trouble | null;
  /** Takes over what an action answered, and watches on where it brought an ended job back. */
  readonly update: (job: Job) => void;
}

const ASK_AGAIN_MS = 2_000;
const AWAY = new Trouble('The API is away.', 'The figures go on as soon as it answers again.');

/** A page that nobody sees lets go of its stream: a browser keeps only six lines to a server. */
export function useJob(id: string): LiveJob {
  const [job, setJob] = useState<Job | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [round, setRound] = useState(0);
  const visible = useVisible();

  const show = useCallback((next: Job): void => {
    remember(next, Date.now());
    setJob(next);
    setTrouble(null);
  }, []);

  useEffect(() => {
    if (!visible) return undefined;
    return watch(id, show, setTrouble, () => setRound((n) => n + 1));
  }, [id, visible, round]);

  const update = useCallback((next: Job): void => {
    show(next);
    if (!ENDED.includes(next.state)) setRound((n) => n + 1);
  }, []);
  return { job: job?.id === id ? job : null, trouble, update };
}

/** `again` is called when the browser gave up and it is time for another try. Returns how to stop. */
function watch(
  id: string,
  show: (job: Job) => void,
  stumble: (trouble: Trouble) => void,
  again: () => void,
): () => void {
  let timer = 0;
  const events = new EventSource(`${pathOf(id)}/events`);
  const read = ({ data }: MessageEvent<string>): void => show(JSON.parse(data) as Job);
  for (const name of ['state', 'progress']) events.addEventListener(name, read);
  events.addEventListener('done', (event) => {
    read(event as MessageEvent<string>);
    events.close();
  });
  events.addEventListener('error', () => {
    if (events.readyState !== EventSource.CLOSED) return stumble(AWAY);
    timer = setTimeout(again, ASK_AGAIN_MS);
    void api.job(id).then(show, (why: Trouble) => {
      if (why.problem?.code === 'job_unknown') clearTimeout(timer);
      stumble(why);
    });
  });
  return () => {
    events.close();
    clearTimeout(timer);
  };
}
