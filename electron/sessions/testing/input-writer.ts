import { INPUT_WINDOW_BYTES, MAX_INPUT_BYTES } from '../../../shared/frames.ts';
import type { InputSource } from '../input/input-queue.ts';
import type { Session } from '../session.ts';

/** Writes as a window does: no more than its window is on its way, in frames, and the rest when that was accepted. */
export class InputWriter implements InputSource {
  readonly #session: Session;
  readonly #bytes: Uint8Array;
  readonly #isPaste: boolean;
  readonly #settled = Promise.withResolvers<void>();
  #changed: () => void = () => {};
  #sent = 0;
  #cancelled = false;
  accepted = 0;
  dropped = 0;

  constructor(session: Session, bytes: Uint8Array, isPaste = false) {
    this.#session = session;
    this.#bytes = bytes;
    this.#isPaste = isPaste;
    this.#pump();
  }

  /** Resolves when nothing is on its way any more and nothing more will be sent. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Resolves when so many bytes were accepted. */
  async until(accepted: number): Promise<void> {
    while (this.accepted < accepted) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#session.input.cancel(this);
    this.#check();
  }

  onAccepted(bytes: number): void {
    this.accepted += bytes;
    // As over a wire: not within the call that was accepted.
    setImmediate(() => this.#pump());
    this.#check();
  }

  onDropped(bytes: number): void {
    this.dropped += bytes;
    this.#cancelled = true;
    this.#check();
  }

  #pump(): void {
    while (!this.#cancelled && this.#sent < this.#bytes.byteLength) {
      const onItsWay = this.#sent - this.accepted - this.dropped;
      let count = Math.min(INPUT_WINDOW_BYTES - onItsWay, MAX_INPUT_BYTES, this.#bytes.byteLength - this.#sent);
      // Frames of a paste are not cut inside a character.
      if (this.#isPaste) while (((this.#bytes[this.#sent + count] ?? 0) & 0xc0) === 0x80) count -= 1;
      if (count <= 0) return;
      const piece = this.#bytes.subarray(this.#sent, this.#sent + count);
      this.#sent += count;
      const result = this.#session.write(piece, { user: true, isPaste: this.#isPaste, source: this });
      if (result !== 'written') this.onDropped(count);
    }
  }

  #check(): void {
    this.#changed();
    const isAllSent = this.#cancelled || this.#sent === this.#bytes.byteLength;
    if (isAllSent && this.accepted + this.dropped === this.#sent) this.#settled.resolve();
  }
}

/** Bytes of every value in an order that shows what is missing, twice or swapped (xorshift32, Marsaglia 2003). */
export function patternOf(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 2_463_534_242;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
