import { stripVTControlCharacters } from 'node:util';

/** How much of what a hook writes is kept: of the beginning and of the end as much, in bytes each. */
export const KEPT_BYTES = 8 * 1024;
/** A hook that writes more is stopped, in bytes. */
export const FLOOD_BYTES = 1024 * 1024;

/** What a hook's executable writes, for the log: counted, and kept to a bound. */
export class HookOutput {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  /** How much was written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFlood(): boolean {
    return this.#bytes > FLOOD_BYTES;
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const forHead = KEPT_BYTES - this.#head.length;
    if (forHead > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, forHead)]);
    const rest = chunk.subarray(Math.max(0, forHead));
    if (rest.length > 0) this.#tail = Buffer.concat([this.#tail, rest]).subarray(-KEPT_BYTES);
  }

  /** What is kept, without anything that would steer a terminal. */
  text(): string {
    const left = this.#bytes - this.#head.length - this.#tail.length;
    const middle = left > 0 ? `\n… ${left} bytes left out …\n` : '';
    // Joined before they are decoded where nothing is between them, so that no character is cut in two.
    const whole =
      middle === ''
        ? Buffer.concat([this.#head, this.#tail]).toString()
        : `${this.#head.toString()}${middle}${this.#tail.toString()}`;
    return stripVTControlCharacters(whole)
      .replace(/[^\P{Cc}\n\t]/gu, '')
      .trimEnd();
  }
}
