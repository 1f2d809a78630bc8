/** Reads what a `StateWriter` wrote. Every read past its end throws. */
export class StateReader {
  /** What comes before the rows. */
  readonly header: string;
  readonly #bytes: Uint8Array;
  readonly #decoder = new TextDecoder();
  #at: number;

  constructor(bytes: Uint8Array) {
    if (bytes.byteLength < 4) throw new Error('A terminal state is cut off');
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    this.#bytes = bytes;
    this.#at = 4;
    this.header = this.#take(length);
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new Error('A terminal state is cut off');
    return value;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }

  text(): string {
    return this.#take(this.number());
  }

  #take(length: number): string {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw new Error('A terminal state is cut off');
    const text = this.#decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }
}
