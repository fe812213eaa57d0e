// How long a wait may be to be sat out where it arises.

/** A wait up to this is slept in the chunk; a longer one is given to the workflow, which sleeps durably. */
export const INLINE_WAIT_MS = 30_000;
