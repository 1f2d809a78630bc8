import { CONTROL, PAYLOAD, SEQUENCE, TEXT, TerminalReader } from '../../terminal/terminal-reader.ts';
import { FirstBytes } from './first-bytes.ts';
import { type Range, Reading } from './reading.ts';
import type { Secrets } from './secrets.ts';

/** The largest number of bytes that are held back: a value that is spread over more of them is not found. */
const MAX_HELD_BYTES = 65_536;
/** The largest number of reads, and of events after them, that are held back. */
const MAX_HELD = 4_096;
/** A flag holds the kind of its byte in the lower bits, and above them the owner of the value that the byte belongs to. */
const KIND_BITS = 2;
const KIND_MASK = (1 << KIND_BITS) - 1;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const DELETE = 0x7f;

/** Takes what may be recorded. The array is the receiver's to keep. */
export type Emit = (atMs: number, bytes: Uint8Array) => void;

/** Output, or an event at its place in the output. Places are counted from the start of the session, in bytes. */
type Held =
  | { readonly kind: 'output'; readonly from: number; readonly atMs: number; readonly bytes: Uint8Array }
  | { readonly kind: 'event'; readonly from: number; readonly run: () => void };

/** Output is being left out after a gap, up to the next line; `resume` takes how many bytes are missing in all. */
interface Gap {
  lostBytes: number;
  skippedBytes: number;
  readonly resume: (lostBytes: number) => void;
}

/** The range that was flagged last. */
interface Marked extends Range {
  readonly owner: number;
}

const NOTHING_MARKED: Marked = { from: 0, to: -1, owner: 0 };

/**
 * Replaces secrets in a terminal's output as it comes. They are found split over any number of reads, between and inside of
 * escape sequences, over line ends, and where they were corrected or drawn again. Only what may be the beginning of one is
 * held back, at most {@link MAX_HELD_BYTES}. Everything else passes byte for byte, with the time at which it came.
 *
 * The output is read in four ways at once: all of its characters, those of escape sequences included; what a terminal shows
 * of them; the same with the cursor moving back; and the same with the character before a carriage return undone, because
 * that is how line editors get to the next row. A value that is found in any of them is replaced.
 */
export class StreamRedactor implements Disposable {
  readonly #secrets: Secrets;
  readonly #emit: Emit;
  #reader = new TerminalReader();
  readonly #all: Reading;
  readonly #shown: Reading;
  readonly #moving: Reading;
  readonly #wrapping: Reading;
  readonly #readings: readonly Reading[];
  readonly #stopListening: () => void;
  readonly #firsts = new FirstBytes();
  #knownStates = 0;
  /** A carriage return has come, and no character after it. */
  #isReturning = false;
  #queue: Held[] = [];
  #gap: Gap | null = null;
  /** The end of the output so far, and of what was passed on. */
  #end = 0;
  #released = 0;
  #flags = new Uint8Array(0);
  #flagsFrom = 0;
  #marked = NOTHING_MARKED;
  #markedAll = NOTHING_MARKED;
  #hasFound = false;
  /** The owner of the value that was left out last, if only escape sequences came since: it is named once. */
  #run = 0;
  /** The kind of bytes that value was found in. */
  #runKind = TEXT;

  constructor(secrets: Secrets, emit: Emit) {
    this.#secrets = secrets;
    this.#emit = emit;
    const { trie } = secrets;
    const onShown = (range: Range, owner: number): void => {
      this.#marked = this.#mark(this.#marked, range, owner, (kind) => kind === TEXT);
    };
    const onAny = (range: Range, owner: number): void => {
      this.#markedAll = this.#mark(this.#markedAll, range, owner, (kind) => kind !== CONTROL);
    };
    this.#all = new Reading(trie, onAny);
    this.#shown = new Reading(trie, onShown);
    this.#moving = new Reading(trie, onShown);
    this.#wrapping = new Reading(trie, onShown);
    this.#readings = [this.#all, this.#shown, this.#moving, this.#wrapping];
    this.#stopListening = secrets.onReplaced(() => this.#reset());
  }

  /** Bytes that are held back. */
  get heldBytes(): number {
    return this.#end - this.#released;
  }

  /** Takes output. Neither side writes to the array again. */
  write(atMs: number, bytes: Uint8Array): void {
    const rest = this.#gap === null ? bytes : this.#afterGap(this.#gap, bytes);
    if (rest.length > 0) this.#write(atMs, rest);
  }

  /** Runs something after all output so far: at once, unless some of that is held back. */
  event(run: () => void): void {
    if (this.#queue.length === 0) {
      run();
      return;
    }
    this.#queue.push({ kind: 'event', from: this.#end, run });
    if (this.#queue.length > MAX_HELD) this.flush();
  }

  /**
   * Output is missing here. What is held back may be the first half of a secret whose second half is missing, and what comes
   * next the second half of another: the one is left out, and so is the other up to the next line. `resume` is called once,
   * with the number of bytes that are missing in all, before the output that follows.
   */
  gap(lostBytes: number, resume: (lostBytes: number) => void): void {
    const earlier = this.#gap;
    const held = this.#dropHeld();
    this.#gap = {
      lostBytes: lostBytes + held + (earlier?.lostBytes ?? 0),
      skippedBytes: 0,
      resume: earlier?.resume ?? resume,
    };
  }

  /** Passes on what is held back: the output is over, or too much is held. What comes next begins afresh. */
  flush(): void {
    this.#endGap();
    this.#reset();
    this.#release(this.#end);
  }

  [Symbol.dispose](): void {
    this.flush();
    this.#stopListening();
    this.#flags.fill(0);
  }

  #write(atMs: number, bytes: Uint8Array): void {
    const from = this.#end;
    this.#queue.push({ kind: 'output', from, atMs, bytes });
    this.#end += bytes.length;
    this.#makeRoom(from);
    this.#learn();
    this.#scan(bytes, from);
    let heldFrom = this.#end;
    for (const reading of this.#readings) heldFrom = Math.min(heldFrom, reading.heldFrom);
    if (this.#end - heldFrom > MAX_HELD_BYTES || this.#queue.length > MAX_HELD) this.flush();
    else this.#release(heldFrom);
  }

  /** What of the output comes after the gap: that from the next line on. */
  #afterGap(gap: Gap, bytes: Uint8Array): Uint8Array {
    const line = bytes.indexOf(LINE_FEED) + 1;
    const skipped = Math.min(line === 0 ? bytes.length : line, MAX_HELD_BYTES - gap.skippedBytes);
    gap.lostBytes += skipped;
    gap.skippedBytes += skipped;
    if (skipped === line || gap.skippedBytes === MAX_HELD_BYTES) this.#endGap();
    return bytes.subarray(skipped);
  }

  #endGap(): void {
    const gap = this.#gap;
    this.#gap = null;
    gap?.resume(gap.lostBytes);
  }

  /** Leaves out the output that is held back, but not the events. Gives how many bytes that were. */
  #dropHeld(): number {
    const held = this.heldBytes;
    const events = this.#queue.filter((each) => each.kind === 'event');
    this.#queue = [];
    this.#released = this.#end;
    this.#hasFound = false;
    this.#run = 0;
    this.#reader = new TerminalReader();
    this.#isReturning = false;
    this.#reset();
    for (const { run } of events) run();
    return held;
  }

  get #isIdle(): boolean {
    return (
      this.#all.isIdle &&
      this.#shown.isIdle &&
      this.#moving.isIdle &&
      this.#wrapping.isIdle &&
      this.#reader.isShowing &&
      !this.#isReturning
    );
  }

  #reset(): void {
    for (const reading of this.#readings) reading.reset(this.#secrets.trie);
  }

  /** Takes secrets into account that were added. */
  #learn(): void {
    const { trie } = this.#secrets;
    if (trie.size === this.#knownStates) return;
    this.#knownStates = trie.size;
    this.#firsts.learn(trie);
  }

  /** Makes room for the flags of all that is held, those of what comes at `from` empty. */
  #makeRoom(from: number): void {
    const held = from - this.#released;
    const needed = this.#end - this.#released;
    const kept = this.#flags.subarray(this.#released - this.#flagsFrom, from - this.#flagsFrom);
    if (this.#flags.length < needed) {
      const wider = new Uint8Array(Math.max(needed, 2 * this.#flags.length, 4_096));
      wider.set(kept);
      this.#flags = wider;
    } else if (this.#flagsFrom < this.#released) this.#flags.set(kept);
    this.#flags.fill(0, held, needed);
    this.#flagsFrom = this.#released;
  }

  #scan(bytes: Uint8Array, from: number): void {
    for (let index = 0; index < bytes.length; index += 1) {
      if (this.#isIdle) {
        const start = index;
        index = this.#firsts.find(bytes, index);
        if (index > start) {
          this.#moving.skip(bytes, start, index, from + start);
          this.#wrapping.skip(bytes, start, index, from + start);
        }
        const end = index === bytes.length ? index : this.#firsts.endOfColour(bytes, index);
        this.#flags.fill(SEQUENCE, from + index - this.#flagsFrom, from + end - this.#flagsFrom);
        index = end;
        if (index === bytes.length) break;
        if (end > start) {
          index -= 1;
          continue;
        }
      }
      this.#read(bytes[index] ?? 0, from + index);
    }
  }

  #read(byte: number, at: number): void {
    const reader = this.#reader;
    const kind = reader.read(byte);
    this.#flags[at - this.#flagsFrom] = kind;
    if (byte >= 0x20 && byte !== DELETE) this.#all.write(byte, at);
    if (kind === TEXT) {
      if (this.#isReturning) this.#wrapping.back(1);
      this.#isReturning = false;
      this.#shown.write(byte, at);
      this.#moving.write(byte, at);
      this.#wrapping.write(byte, at);
      return;
    }
    if (reader.wasControl) {
      if (at > this.#released) this.#flags[at - 1 - this.#flagsFrom] = SEQUENCE;
      this.#shown.undo();
      this.#moving.undo();
      this.#wrapping.undo();
    }
    if (reader.back > 0) {
      this.#moving.back(reader.back);
      this.#wrapping.back(reader.back);
    }
    if (kind !== CONTROL) return;
    if (byte === CARRIAGE_RETURN) this.#isReturning = true;
    else if (byte === LINE_FEED) this.#isReturning = false;
  }

  /** Flags bytes of some kinds as parts of a secret. What is in `last` was flagged already. */
  #mark(last: Marked, range: Range, owner: number, isPart: (kind: number) => boolean): Marked {
    const isMore = owner === last.owner && range.from >= last.from && range.from <= last.to + 1;
    const from = Math.max(isMore ? last.to + 1 : range.from, this.#released) - this.#flagsFrom;
    for (let index = from; index <= range.to - this.#flagsFrom; index += 1) {
      const flag = this.#flags[index] ?? 0;
      if (isPart(flag & KIND_MASK)) this.#flags[index] = (flag & KIND_MASK) | (owner << KIND_BITS);
    }
    this.#hasFound = true;
    return { owner, from: isMore ? last.from : range.from, to: Math.max(range.to, isMore ? last.to : -1) };
  }

  /** Passes on everything before `upTo`. */
  #release(upTo: number): void {
    let done = 0;
    for (const held of this.#queue) {
      if (held.kind === 'event') {
        if (held.from > upTo) break;
        held.run();
      } else {
        const end = held.from + held.bytes.length;
        const until = Math.min(end, upTo);
        if (until > this.#released)
          this.#pass(held.atMs, held.bytes.subarray(this.#released - held.from, until - held.from));
        if (until < end) break;
      }
      done += 1;
    }
    this.#queue.splice(0, done);
    if (this.#released === this.#end) this.#hasFound = false;
  }

  /** Passes on the next bytes. */
  #pass(atMs: number, bytes: Uint8Array): void {
    const passed = this.#hasFound || this.#run !== 0 ? this.#redacted(bytes) : bytes;
    this.#released += bytes.length;
    if (passed.length > 0) this.#emit(atMs, passed);
  }

  #redacted(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let kept = 0;
    for (let index = 0; index < bytes.length; index += 1) {
      const flag = this.#flags[this.#released - this.#flagsFrom + index] ?? 0;
      const owner = flag >> KIND_BITS;
      const kind = flag & KIND_MASK;
      if (owner === 0) {
        if (kind === TEXT || (kind === PAYLOAD && this.#runKind === PAYLOAD)) this.#run = 0;
        continue;
      }
      if (index > kept) parts.push(bytes.subarray(kept, index));
      kept = index + 1;
      if (owner !== this.#run) parts.push(Buffer.from(this.#secrets.label(owner)));
      this.#run = owner;
      this.#runKind = kind;
    }
    if (kept === 0 && parts.length === 0) return bytes;
    parts.push(bytes.subarray(kept));
    return Buffer.concat(parts);
  }
}

/** Gives a text with every secret in it replaced; the text itself if it has none. */
export function redactText(secrets: Secrets, text: string): string {
  if (secrets.isEmpty || text === '') return text;
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  {
    using redactor = new StreamRedactor(secrets, (_atMs, part) => parts.push(part));
    redactor.write(0, bytes);
  }
  const redacted = Buffer.concat(parts);
  return redacted.equals(bytes) ? text : redacted.toString();
}
