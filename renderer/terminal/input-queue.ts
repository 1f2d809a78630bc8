import { INPUT_WINDOW_BYTES, type InputKind, MAX_INPUT_BYTES, PASTE_END } from '../../shared/frames.ts';

/** Input that waits longer than this for the program is shown, in milliseconds. */
const SHOWN_AFTER_MS = 1_000;
/** How often at most what is shown changes, in milliseconds. */
const REFRESH_MS = 250;
/** What the terminal answers by itself, and the program does not read, is kept up to this many bytes. */
const MAX_REPLY_BYTES = 65_536;
/** A frame is not sent for less than this while more is to come, in bytes. */
const MIN_PIECE_BYTES = 4_096;

/** Why input did not arrive whole. */
export type StopReason = 'cancelled' | 'ended' | 'lost' | 'program_changed';

/** What a window shows of input that takes its time. */
export type InputState =
  | {
      readonly kind: 'sending';
      readonly isPaste: boolean;
      /** The program has taken nothing for a while. */
      readonly isWaiting: boolean;
      readonly acceptedBytes: number;
      readonly totalBytes: number;
    }
  | {
      readonly kind: 'stopped';
      readonly isPaste: boolean;
      readonly acceptedBytes: number;
      readonly totalBytes: number;
      readonly why: StopReason;
    }
  /** What was typed or pasted while there was no connection. */
  | { readonly kind: 'refused'; readonly isPaste: boolean; readonly characters: number };

export interface InputQueueHost {
  /** Sends a frame's content; called only while the queue is open. */
  send(kind: InputKind, bytes: Uint8Array): void;
  /** Has the core drop what the program has not taken. */
  sendCancel(): void;
  /** What is to be shown is different; null: nothing. */
  onState(state: InputState | null): void;
  now(): number;
}

/** Input from when nothing was on its way until nothing is again. */
interface Batch {
  readonly since: number;
  isPaste: boolean;
  total: number;
  accepted: number;
  /** When some of it was accepted last. */
  acceptedAt: number;
  why: StopReason | null;
}

interface Item {
  readonly batch: Batch | null;
  readonly kind: InputKind;
  readonly bytes: Uint8Array;
  /** For a paste: whether the program took bracketed pastes when it began; null for anything else. */
  readonly bracketed: boolean | null;
  sent: number;
}

/**
 * One terminal's input on its way to the core: no more is sent than the core has room for, the rest waits here, in
 * order. Keys that are typed during a long paste wait behind it. Nothing is dropped but by a cancellation, the end of the
 * session or the loss of the connection, and then it is known how much.
 */
export class InputQueue {
  readonly #host: InputQueueHost;
  #isOpen = false;
  #items: Item[] = [];
  /** What was sent and not answered yet, in order. */
  #flight: { readonly batch: Batch | null; readonly isPaste: boolean; count: number }[] = [];
  #inFlight = 0;
  #replyBytes = 0;
  #batch: Batch | null = null;
  #shown: InputState | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: InputQueueHost) {
    this.#host = host;
  }

  /** Whether what waits is shown, because it has waited for long. */
  get isShown(): boolean {
    return this.#shown?.kind === 'sending';
  }

  /** Whether a paste, or its rest, has not been accepted yet. */
  get isPasting(): boolean {
    return this.#items.some(({ bracketed }) => bracketed !== null) || this.#flight.some(({ isPaste }) => isPaste);
  }

  /** The channel is there: what waits is sent. */
  open(): void {
    this.#isOpen = true;
    this.#pump();
  }

  /** Keys, mouse buttons and composed text. */
  type(bytes: Uint8Array): void {
    this.dismiss();
    this.#add('userInput', bytes, null);
  }

  /**
   * Ctrl+C, which is for what runs now: it does not wait behind a paste or what is shown to wait, but ends it. That this
   * did not arrive whole stays shown.
   */
  interrupt(bytes: Uint8Array): void {
    if (this.isPasting || this.isShown) {
      this.cancel();
      this.#add('userInput', bytes, null);
    } else this.type(bytes);
  }

  /** What the terminal says by itself. A program that does not read what it has asked for gets no endless answers. */
  reply(bytes: Uint8Array): void {
    if (this.#replyBytes + bytes.byteLength > MAX_REPLY_BYTES) return;
    this.#replyBytes += bytes.byteLength;
    this.#items.push({ batch: null, kind: 'terminalReply', bytes, bracketed: null, sent: 0 });
    this.#pump();
  }

  /** A paste, with its marks if it is a bracketed one. */
  paste(bytes: Uint8Array, bracketed: boolean): void {
    this.dismiss();
    this.#add(bracketed ? 'pasteInput' : 'userInput', bytes, bracketed);
  }

  /** The program's terminal has accepted so many more bytes. */
  accepted(count: number): void {
    this.#settle(count, true);
    this.#pump();
  }

  /** So many more bytes will not arrive. */
  dropped(count: number): void {
    this.#settle(count, false);
    this.#pump();
  }

  /** Drops all that has not been accepted; a bracketed paste that the program has begun to take is closed by the core. */
  cancel(why: StopReason = 'cancelled'): void {
    if (this.#batch === null) return;
    this.#batch.why = why;
    const batch = this.#batch;
    this.#items = this.#items.filter((item) => item.batch !== batch);
    if (this.#isOpen) this.#host.sendCancel();
    this.#finish(batch);
  }

  /**
   * There is no connection. What is typed now is not kept for later: when the connection is back, another program may read, and
   * nobody has seen what it would do. It is counted and shown; a paste that was cut off before stays shown with it.
   */
  refuse(data: string, isPaste: boolean): void {
    if (this.#shown?.kind === 'stopped' && this.#shown.why === 'lost') {
      const more = new TextEncoder().encode(data).byteLength;
      this.#show({ ...this.#shown, totalBytes: this.#shown.totalBytes + more });
      return;
    }
    const before = this.#shown?.kind === 'refused' ? this.#shown : { isPaste: false, characters: 0 };
    const characters = before.characters + charactersIn(data);
    this.#show({ kind: 'refused', isPaste: isPaste || before.isPaste, characters });
  }

  /**
   * The program has switched bracketed paste: it is another one, or at another point, than the one that a paste under way
   * was meant for.
   */
  bracketedPasteChanged(bracketed: boolean): void {
    if (this.#items.some((item) => item.bracketed !== null && item.bracketed !== bracketed))
      this.cancel('program_changed');
  }

  /** The channel is gone: the session has ended, or the connection was lost. */
  closed(why: 'ended' | 'lost'): void {
    this.#isOpen = false;
    this.#items = [];
    this.#flight = [];
    this.#inFlight = 0;
    this.#replyBytes = 0;
    const batch = this.#batch;
    if (batch === null) return;
    batch.why ??= why;
    this.#finish(batch);
  }

  /** What was shown of input that did not arrive has been read. */
  dismiss(): void {
    if (this.#shown !== null && this.#shown.kind !== 'sending') this.#show(null);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#isOpen = false;
  }

  #add(kind: InputKind, bytes: Uint8Array, bracketed: boolean | null): void {
    if (bytes.byteLength === 0) return;
    if (this.#batch === null) {
      const now = this.#host.now();
      this.#batch = { since: now, isPaste: false, total: 0, accepted: 0, acceptedAt: now, why: null };
    }
    this.#batch.total += bytes.byteLength;
    if (bracketed !== null) this.#batch.isPaste = true;
    this.#items.push({ batch: this.#batch, kind, bytes, bracketed, sent: 0 });
    this.#pump();
    this.#timer ??= setTimeout(() => this.#refresh(), SHOWN_AFTER_MS);
  }

  #pump(): void {
    if (!this.#isOpen) return;
    for (let item = this.#items[0]; item !== undefined; item = this.#items[0]) {
      const left = item.bytes.byteLength - item.sent;
      const room = Math.min(INPUT_WINDOW_BYTES - this.#inFlight, MAX_INPUT_BYTES);
      if (room < left && room < MIN_PIECE_BYTES) return;
      const end = left <= room ? item.bytes.byteLength : cutBefore(item.bytes, item.sent + room, item.kind);
      const piece = item.bytes.subarray(item.sent, end);
      item.sent = end;
      if (end === item.bytes.byteLength) this.#items.shift();
      this.#fly(item.batch, item.bracketed !== null, piece.byteLength);
      this.#host.send(item.kind, piece);
    }
  }

  #fly(batch: Batch | null, isPaste: boolean, count: number): void {
    this.#inFlight += count;
    const last = this.#flight.at(-1);
    if (last !== undefined && last.batch === batch && last.isPaste === isPaste) last.count += count;
    else this.#flight.push({ batch, isPaste, count });
  }

  /** Answers come in the order in which it was sent. */
  #settle(count: number, isAccepted: boolean): void {
    let left = Math.min(count, this.#inFlight);
    this.#inFlight -= left;
    for (let first = this.#flight[0]; first !== undefined && left > 0; first = this.#flight[0]) {
      const part = Math.min(first.count, left);
      left -= part;
      first.count -= part;
      if (first.count === 0) this.#flight.shift();
      const { batch } = first;
      if (batch === null) this.#replyBytes -= part;
      else if (isAccepted) {
        batch.accepted += part;
        batch.acceptedAt = this.#host.now();
      } else batch.why ??= 'ended';
      if (batch !== null) this.#finishIfDone(batch);
    }
  }

  #finishIfDone(batch: Batch): void {
    const isUnderWay = [...this.#items, ...this.#flight].some((part) => part.batch === batch);
    if (!isUnderWay) this.#finish(batch);
    else if (batch.why !== null) this.#finish(batch);
  }

  /** It has arrived, or will not. After a cancellation this is called again while the last answers come. */
  #finish(batch: Batch): void {
    if (this.#batch === batch) this.#batch = null;
    if (this.#batch === null) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const { isPaste, accepted: acceptedBytes, total: totalBytes, why } = batch;
    if (why !== null && acceptedBytes < totalBytes) {
      this.#show({ kind: 'stopped', isPaste, acceptedBytes, totalBytes, why });
    } else if (this.#batch === null && this.isShown) this.#show(null);
  }

  #refresh(): void {
    this.#timer = undefined;
    const batch = this.#batch;
    if (batch === null) return;
    const now = this.#host.now();
    const waitedMs = now - batch.since;
    if (waitedMs >= SHOWN_AFTER_MS) {
      const { isPaste, accepted: acceptedBytes, total: totalBytes } = batch;
      const isWaiting = now - batch.acceptedAt >= SHOWN_AFTER_MS;
      this.#show({ kind: 'sending', isPaste, isWaiting, acceptedBytes, totalBytes });
    }
    this.#timer = setTimeout(() => this.#refresh(), Math.max(REFRESH_MS, SHOWN_AFTER_MS - waitedMs));
  }

  #show(state: InputState | null): void {
    if (state === null && this.#shown === null) return;
    this.#shown = state;
    this.#host.onState(state);
  }
}

/** How many characters a person takes this for: a key such as an arrow sends several, and is one. */
function charactersIn(data: string): number {
  return data.startsWith('\x1b') && data.length < 16 ? 1 : [...data].length;
}

/** Where a piece that may end at `end` at the latest ends: never inside a character, nor inside a paste's end mark. */
function cutBefore(bytes: Uint8Array, end: number, kind: InputKind): number {
  let cut = kind === 'pasteInput' ? Math.min(end, bytes.byteLength - PASTE_END.length) : end;
  // Continuation bytes, RFC 3629.
  while (cut > end - 4 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
