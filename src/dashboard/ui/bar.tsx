// A bar of progress.
import { percent } from '../words.js';

interface BarProps {
  readonly label: string;
  /** 0 to 100; null: not known. */
  readonly value: number | null;
  readonly moving: boolean;
}

export function Bar({ label, value, moving }: BarProps) {
  const known = value === null ? {} : { 'aria-valuenow': value, 'aria-valuetext': percent(value) };
  const look = value === null ? (moving ? 'bar unknown' : 'bar') : 'bar';
  return (
    <div class={look} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} {...known}>
      <div class="bar-fill" style={{ transform: `scaleX(${(value ?? 0) / 100})` }} />
    </div>
  );
}
