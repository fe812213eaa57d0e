// How much of an archive a verify reads: a share in percent. Without zod, since the command line checks it as well.

/** More than 0, at most 100. In words of every dialect of patterns, since the API's document shows it. */
export const SAMPLE = /^(100(\.0{1,6})?|[1-9][0-9]?(\.[0-9]{1,6})?|0\.0{0,5}[1-9][0-9]{0,5})%$/;
export const SAMPLE_ALLOWED = 'a share of more than 0% and at most 100%, such as "10%" or "0.5%"';

/** Between 0 and 1; null: everything, said or not. */
export function shareOf(sample: string | undefined): number | null {
  const share = Number.parseFloat(sample ?? '100%') / 100;
  return share < 1 ? share : null;
}
