// A segment that is not what the archive says it is.

/** The message finishes the sentence "This segment is damaged: …". */
export class Damage extends Error {
  override readonly name = 'Damage';
}
