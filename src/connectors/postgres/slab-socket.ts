// A socket that reads into slabs. Whoever reads from it as from any other gets copies; a reader gets the slabs themselves.
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { createSlabs, type Slab } from './slabs.js';

/** Takes what was read into a slab; answers how much of it, from its beginning on, has to stay there. */
export type SlabReader = (bytes: Buffer, slab: Slab) => number;

/** A read is worth its call of the system. */
const LEAST_READ_BYTES = 65_536;

export class SlabSocket extends Socket {
  /** null: what comes is copied, and flows as from any other socket. */
  reader: SlabReader | null = null;
  private readonly slabs = createSlabs();
  private slab = this.slabs.take();
  /** How much of the slab has to stay. */
  private filled = 0;

  constructor() {
    const onread = { buffer: () => this.room(), callback: (length: number) => this.came(length) };
    super({ onread } satisfies ConnectOpts as SocketConstructorOpts);
  }

  private room(): Uint8Array {
    if (this.slab.bytes.length - this.filled < LEAST_READ_BYTES) {
      this.slab.drop();
      this.slab = this.slabs.take();
      this.filled = 0;
    }
    return this.slab.bytes.subarray(this.filled);
  }

  /** false: it wants no more for now. */
  private came(length: number): boolean {
    const bytes = this.slab.bytes.subarray(this.filled, this.filled + length);
    if (!this.reader) return this.push(Buffer.from(bytes));
    this.filled += this.reader(bytes, this.slab);
    return true;
  }
}
