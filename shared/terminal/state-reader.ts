/** Reads what a `StateWriter` wrote. Every read past its end throws. */
export class StateReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
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
    const length = this.number();
    if (length > this.#bytes.byteLength - this.#at) throw new Error('A terminal state is cut off');
    const parts: string[] = [];
    for (let index = 0; index < length; index++) parts.push(String.fromCharCode(this.number()));
    return parts.join('');
  }
}
