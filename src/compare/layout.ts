// Where a comparison keeps what it needs and what it found: names and places, relative to the job's folder.
import { folderName, ordinal } from '../archive/layout.js';

/** Runs and their chains, gone once the comparison is sealed. */
export const RUNS = 'compare';
/** What was found. */
export const DIFFERENCES = 'differences';
/** Written last; without it nothing was found yet. */
export const INDEX = `${DIFFERENCES}/index.json`;

/** `work` names what was sealed: a job that begins anew writes beside what it found before. */
export const findingsFolder = (work: string): string => `${DIFFERENCES}/${work}`;
/** Written first, and never again: where it is gone, the job was given up. */
export const markPath = (work: string): string => `${findingsFolder(work)}/job.json`;
export const countsPath = (work: string): string => `${findingsFolder(work)}/streams.jsonl`;
export const partPath = (work: string, stream: string, part: number): string =>
  `${findingsFolder(work)}/${folderName(stream)}/${ordinal(part)}.jsonl`;

/** Below `RUNS`: what merging has made of runs, and what is known of streams that are done. */
export const mergedPath = (name: string): string => `merged/${name}.run.zst`;
export const resultPath = (work: string, stream: string): string =>
  `results/${work}/${folderName(stream)}.json`;
