/** Output that arrives within this time of an event's first byte belongs to the same event, in milliseconds. */
const MERGE_MS = 16;
/**
 * The largest output event, in bytes of output. Measured: larger events make strings that the engine allocates apart
 * from the rest, which doubles the cost of each byte; smaller ones cost more per event.
 */
export const MAX_EVENT_BYTES = 65_536;
/** What a waiting read or event costs in memory besides its data, in bytes; a bound on many tiny ones. */
const OVERHEAD_BYTES = 128;

/** Output waiting to be encoded; `chunks` are the reads as they came. */
interface OutputEntry {
  readonly kind: 'output';
  readonly atMs: number;
  readonly chunks: Uint8Array[];
  bytes: number;
}

/** An event other than output, by its asciicast v3 code: resize, marker, exit status. */
export interface PlainEntry {
  readonly kind: 'r' | 'm' | 'x';
  readonly atMs: number;
  readonly data: string;
}

/** Output was dropped here: the reads on both sides of it do not belong together. */
export interface GapEntry {
  readonly kind: 'gap';
  readonly atMs: number;
  readonly lostBytes: number;
}

export type Entry = OutputEntry | PlainEntry | GapEntry;

/**
 * What waits for the disk, in order and in bounded memory. Output that arrives close together becomes one event.
 * Over the limit, events are dropped until half of it is free again; then a gap entry says how much output is missing,
 * and the last size that was missed follows it, so that playback continues correctly.
 */
export class Backlog {
  readonly #limitBytes: number;
  #entries: Entry[] = [];
  #head = 0;
  #sealed = false;
  #waitingBytes = 0;
  #dropping = false;
  #lostBytes = 0;
  #missedSize: string | null = null;
  #accepted = 0;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Memory that the waiting events take, in bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How many events have been added, and how many of them taken, since the beginning. */
  get accepted(): number {
    return this.#accepted;
  }

  get taken(): number {
    return this.#taken;
  }

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  /** Adds output; false when it was dropped. The array is kept, not copied. */
  output(atMs: number, bytes: Uint8Array): boolean {
    if (!this.#admits(atMs, bytes.length)) {
      this.#lostBytes += bytes.length;
      return false;
    }
    const last = this.#entries[this.#entries.length - 1];
    if (
      last?.kind === 'output' &&
      !this.#sealed &&
      last.bytes + bytes.length <= MAX_EVENT_BYTES &&
      atMs - last.atMs <= MERGE_MS
    ) {
      last.chunks.push(bytes);
      last.bytes += bytes.length;
      this.#waitingBytes += bytes.length + OVERHEAD_BYTES;
      return true;
    }
    for (let start = 0; start < bytes.length; start += MAX_EVENT_BYTES) {
      const part = bytes.length <= MAX_EVENT_BYTES ? bytes : bytes.subarray(start, start + MAX_EVENT_BYTES);
      this.#push({ kind: 'output', atMs, chunks: [part], bytes: part.length });
    }
    return true;
  }

  /** Adds a resize or marker; false when it was dropped (of resizes, the last one is made up for after the gap). */
  event(kind: 'r' | 'm', atMs: number, data: string): boolean {
    if (!this.#admits(atMs, data.length * 2)) {
      if (kind === 'r') this.#missedSize = data;
      return false;
    }
    this.#push({ kind, atMs, data });
    return true;
  }

  /** Adds the last event of all: a gap that is still open, then the exit status if it is known. Never dropped. */
  end(atMs: number, exitStatus: number | null): void {
    if (this.#dropping) this.#endGap(atMs);
    if (exitStatus !== null) this.#push({ kind: 'x', atMs, data: String(exitStatus) });
  }

  /** Ends the current output event: what comes now is a new one. */
  seal(): void {
    this.#sealed = true;
  }

  /** Takes the oldest event. */
  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    this.#taken++;
    if (this.isEmpty) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head === 1_024) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.#waitingBytes -= sizeOf(entry);
    return entry;
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#waitingBytes = 0;
  }

  #admits(atMs: number, bytes: number): boolean {
    if (this.#dropping) {
      if (this.#waitingBytes > this.#limitBytes / 2) return false;
      this.#endGap(atMs);
    }
    if (this.#waitingBytes + bytes + OVERHEAD_BYTES <= this.#limitBytes) return true;
    this.#dropping = true;
    return false;
  }

  #endGap(atMs: number): void {
    this.#push({ kind: 'gap', atMs, lostBytes: this.#lostBytes });
    if (this.#missedSize !== null) this.#push({ kind: 'r', atMs, data: this.#missedSize });
    this.#dropping = false;
    this.#lostBytes = 0;
    this.#missedSize = null;
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#sealed = false;
    this.#accepted++;
    this.#waitingBytes += sizeOf(entry);
  }
}

/** What an event takes in memory, in bytes. */
function sizeOf(entry: Entry): number {
  if (entry.kind === 'output') return entry.bytes + entry.chunks.length * OVERHEAD_BYTES;
  return OVERHEAD_BYTES + (entry.kind === 'gap' ? 0 : entry.data.length * 2);
}
