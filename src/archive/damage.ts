// A segment that is not what the archive says it is.

/** The message finishes the sentence "This segment is damaged: …". */
export class Damage extends Error {
  override readonly name = 'Damage';
}

/** Of another object than the segment that is read: its list, or what it refers to in another archive. */
export class NamedDamage extends Error {
  override readonly name = 'NamedDamage';
  constructor(
    /** In the store. */
    readonly path: string,
    readonly problem: 'damaged' | 'missing',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
