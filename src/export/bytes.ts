// Bytes put together piece by piece, without a string in between.

const QUOTE = 0x22;

export class ByteBuilder {
  private buffer = Buffer.allocUnsafe(65_536);
  length = 0;

  push(byte: number): void {
    if (this.length === this.buffer.length) this.grow(1);
    this.buffer[this.length++] = byte;
  }

  append(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start;
    if (this.length + size > this.buffer.length) this.grow(size);
    // A call costs more than copying a few bytes does.
    if (size > 24) this.buffer.set(source.subarray(start, end), this.length);
    else for (let at = start; at < end; at += 1) this.buffer[this.length + at - start] = source[at]!;
    this.length += size;
  }

  text(text: string): void {
    this.append(Buffer.from(text));
  }

  /** As a CSV field in quotes. */
  quoted(source: Uint8Array, start: number, end: number): void {
    this.push(QUOTE);
    let from = start;
    for (let at = start; at < end; at += 1) {
      if (source[at] !== QUOTE) continue;
      this.append(source, from, at + 1);
      this.push(QUOTE);
      from = at + 1;
    }
    this.append(source, from, end);
    this.push(QUOTE);
  }

  /** What was put together; the builder is empty again. */
  take(): Uint8Array {
    const taken = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafe(Math.max(65_536, this.length));
    this.length = 0;
    return taken;
  }

  private grow(by: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + by));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}
