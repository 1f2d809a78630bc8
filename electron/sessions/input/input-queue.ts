import { INPUT_WINDOW_BYTES, PASTE_END } from '../../../shared/frames.ts';
import type { BackendProcess } from '../../backends/backend.ts';
import { cutAfter, endsPaste } from './input-cut.ts';

/** Small pieces of input that wait are joined up to this size, in bytes, so that many of them cost no more than one. */
const JOIN_BYTES = 4_096;

/** Who writes input: one channel of a window. It hears what becomes of its bytes, in the order in which it wrote them. */
export interface InputSource {
  /** The program's terminal has accepted so many more bytes. */
  onAccepted(bytes: number): void;
  /** So many more bytes will not reach the program. */
  onDropped(bytes: number): void;
}

/** Input without a window behind it. */
export const NO_SOURCE: InputSource = { onAccepted: () => {}, onDropped: () => {} };

interface Entry {
  /** Whose input it is: what one source writes keeps its order. */
  readonly source: InputSource;
  /** Who hears what becomes of it. */
  readonly listener: InputSource;
  /** It is a piece of a bracketed paste. */
  readonly isPaste: boolean;
  bytes: Uint8Array;
  /** How many of them the program's terminal has accepted. */
  taken: number;
}

/**
 * Input on its way to a program, in order and without loss: what the program's terminal does not accept waits here.
 * A source may have {@link INPUT_WINDOW_BYTES} waiting, so that a program that does not read pushes back on who writes.
 * While a bracketed paste of one source is under way, what others write waits: nothing gets between its marks.
 */
export class InputQueue {
  readonly #onAccepted: (bytes: number) => void;
  readonly #waiting = new Map<InputSource, number>();
  #entries: Entry[] = [];
  #process: BackendProcess | null = null;
  /** Whose bracketed paste the program has begun to take. */
  #pasting: InputSource | null = null;
  #isClosed = false;
  #isFlushing = false;

  /** @param onAccepted the program's terminal has accepted so many more bytes. */
  constructor(onAccepted: (bytes: number) => void) {
    this.#onAccepted = onAccepted;
  }

  /** The program is there: it gets what came for it meanwhile. */
  attach(process: BackendProcess): void {
    this.#process = process;
    this.flush();
  }

  /** Bytes that wait, of all sources. */
  get waitingBytes(): number {
    let sum = 0;
    for (const bytes of this.#waiting.values()) sum += bytes;
    return sum;
  }

  /** Whether a source may write so many bytes more. */
  hasRoom(source: InputSource, bytes: number): boolean {
    return !this.#isClosed && (this.#waiting.get(source) ?? 0) + bytes <= INPUT_WINDOW_BYTES;
  }

  /**
   * Takes input, as much of it as is allowed; the rest is dropped. The bytes are not copied. The caller asks
   * {@link hasRoom} first.
   */
  push(source: InputSource, input: Uint8Array, { isPaste = false, allowed = input.byteLength } = {}): void {
    const bytes = input.subarray(0, allowed);
    if (allowed < input.byteLength) source.onDropped(input.byteLength - allowed);
    if (bytes.byteLength === 0) return;
    this.#count(source, bytes.byteLength);
    const last = this.#entries.at(-1);
    const isJoined = last?.source === source && !last.isPaste && !isPaste && last.taken === 0;
    if (isJoined && last.bytes.byteLength + bytes.byteLength <= JOIN_BYTES)
      last.bytes = Buffer.concat([last.bytes, bytes]);
    else this.#entries.push({ source, listener: source, isPaste, bytes, taken: 0 });
    this.flush();
  }

  /** The program's terminal may have room again. */
  flush(): void {
    // What is accepted may make a source write more at once.
    if (this.#isFlushing || this.#process === null) return;
    this.#isFlushing = true;
    try {
      for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
        const taken = this.#process.write(entry.bytes.subarray(entry.taken));
        if (taken > 0) this.#accept(entry, taken);
        if (entry.taken < entry.bytes.byteLength) return;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  /**
   * Drops what waits of a source. A character or a mark that the program has in part is completed, and a bracketed paste
   * that it has begun to take is closed.
   */
  cancel(source: InputSource): void {
    const own = this.#entries.filter((entry) => entry.source === source);
    this.#entries = this.#entries.filter((entry) => entry.source !== source);
    const kept: Entry[] = [];
    let dropped = 0;
    for (const entry of own) {
      const end = entry.taken > 0 ? cutAfter(entry.bytes, entry.taken) : 0;
      if (end > entry.taken) kept.push({ ...entry, bytes: entry.bytes.subarray(0, end) });
      if (entry.listener === source) dropped += entry.bytes.byteLength - end;
    }
    const last = kept.at(-1);
    const isClosed = last === undefined ? this.#pasting !== source : !last.isPaste || endsPaste(last.bytes);
    if (!isClosed) kept.push(this.#endMark(source));
    this.#entries.unshift(...kept);
    if (dropped > 0) {
      this.#count(source, -dropped);
      source.onDropped(dropped);
    }
    this.flush();
  }

  /** A source is gone: what it has written is still delivered, and a bracketed paste of which the rest is missing is closed. */
  release(source: InputSource): void {
    const last = this.#entries.findLast((entry) => entry.source === source && entry.isPaste);
    const isClosed = last === undefined ? this.#pasting !== source : endsPaste(last.bytes);
    if (isClosed || this.#isClosed) return;
    this.#entries.push(this.#endMark(source));
    this.flush();
  }

  /** The end: nothing is taken any more, and every source hears what did not arrive. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#process = null;
    this.#entries = [];
    for (const [source, bytes] of [...this.#waiting]) source.onDropped(bytes);
    this.#waiting.clear();
  }

  #next(): Entry | undefined {
    const pasting = this.#pasting;
    return pasting === null ? this.#entries[0] : this.#entries.find((entry) => entry.source === pasting);
  }

  #endMark(source: InputSource): Entry {
    this.#count(NO_SOURCE, PASTE_END.length);
    return { source, listener: NO_SOURCE, isPaste: true, bytes: new TextEncoder().encode(PASTE_END), taken: 0 };
  }

  #accept(entry: Entry, taken: number): void {
    entry.taken += taken;
    this.#count(entry.listener, -taken);
    if (entry.isPaste) this.#pasting = entry.source;
    if (entry.taken === entry.bytes.byteLength) {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
      if (entry.isPaste && endsPaste(entry.bytes)) this.#pasting = null;
    }
    this.#onAccepted(taken);
    entry.listener.onAccepted(taken);
  }

  #count(source: InputSource, bytes: number): void {
    const next = (this.#waiting.get(source) ?? 0) + bytes;
    if (next === 0) this.#waiting.delete(source);
    else this.#waiting.set(source, next);
  }
}
