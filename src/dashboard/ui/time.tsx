// A moment: in the reader's zone for people, in ISO for machines.
import { fullTime, shortTime } from '../words.js';

interface TimeProps {
  readonly iso: string;
  /** Epoch ms; with it, the time alone is shown where it is today. */
  readonly now?: number;
}

export function Time({ iso, now }: TimeProps) {
  const ms = Date.parse(iso);
  return (
    <time dateTime={iso} title={fullTime(ms)}>
      {now === undefined ? fullTime(ms) : shortTime(ms, now)}
    </time>
  );
}
