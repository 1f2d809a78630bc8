import type { Replay } from '../../../shared/frames.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import type { Checkpoints } from '../../terminal/checkpoints.ts';
import type { TerminalSize } from '../../terminal/compact.ts';
import type { TerminalModes } from '../../terminal/terminal-modes.ts';
import { OutputLog } from './output-log.ts';

/** Output that stays in memory for windows that attach later, in bytes. */
const SCROLLBACK_BYTES = 2 * 1_024 * 1_024;
/** Above this many bytes without a checkpoint of the terminal, the program is paused until there is one. */
const UNCOMPACTED_BYTES = 8 * 1_024 * 1_024;
/** Above this many bytes between the program and the slowest watcher's acknowledgement, the program is paused … */
const HIGH_WATER_BYTES = 1_024 * 1_024;
/** … until it is down to this many. */
const LOW_WATER_BYTES = 512 * 1_024;
/**
 * Bytes on their way to one watcher without an acknowledgement: enough for it to have the next ones while it shows the
 * last, few enough to stay prompt (a window shows 5 to 20 MB per second).
 */
const WINDOW_BYTES = 768 * 1_024;
/** The most one frame carries; under load, less than that waits a moment for more. */
const FRAME_BYTES = 64 * 1_024;
/** How long less than a frame waits while the watcher is busy with the one before, in milliseconds. */
const FLUSH_MS = 4;
/** A frame of at least this many bytes, about one read of a pseudoterminal, means load; after it output is gathered … */
const BULK_BYTES = 4_000;
/** … for this long, in milliseconds, or until a frame is full: each frame costs a window more than its bytes. */
const GATHER_MS = 8;
/** A watcher that makes no progress for this long while another keeps up is cut off, in milliseconds. */
const STALL_MS = 10_000;

export type WatcherClosedReason = 'ended' | 'cut_off' | 'detached';

/** Who is shown a session's output. */
export interface WatcherOptions {
  /** Bytes left free at the start of each delivered array, for the receiver's own header. */
  readonly headerBytes: number;
  /** Called first, at once, with what will be shown again. */
  opened?(replay: Replay): void;
  /** Takes the next output; the array is the receiver's to keep. To be acknowledged without the header. */
  deliver(buffer: Uint8Array): void;
  /** The output that is delivered after this was drawn at another size. */
  resized?(size: TerminalSize): void;
  /**
   * Takes the terminal's state, deflated, from which the output continues; called at once, or never. Without it, output
   * from before is not shown.
   */
  restore?(state: Uint8Array): void;
  /** All that was delivered is all there will be. Called exactly once. */
  onClosed(reason: WatcherClosedReason): void;
}

export interface FlowOptions {
  /** The terminal's size at the start. */
  readonly size?: TerminalSize | undefined;
  readonly checkpoints?: Checkpoints | undefined;
}

/** One watcher, as its owner sees it. */
export interface Watcher {
  readonly replay: Replay;
  /**
   * Whether what the terminal sends by itself answers something new: while it is shown again what some terminal has
   * seen already, its answers would be answers given twice.
   */
  readonly repliesWanted: boolean;
  /** `count` more bytes have been shown. More than was delivered is cut to that. */
  acknowledge(count: number): void;
  detach(): void;
}

/** What the flow pauses and resumes. */
export interface FlowSource {
  pause(): void;
  resume(): void;
}

interface WatcherState {
  readonly options: WatcherOptions;
  readonly repliesFromOffset: number;
  cursor: number;
  /** The number of the next change of size to be delivered. */
  change: number;
  unacknowledged: number;
  /** Bytes acknowledged when progress was last checked. */
  progressMark: number;
  acknowledged: number;
  /** Set while output waits for a fuller frame. */
  flushTimer: Timer | null;
  /** Whether the last frame was a large one, and the time to gather after it has not passed. */
  gathers: boolean;
}

/**
 * Carries a session's output to its watchers, in order and without loss. First bytes after a pause go out at once; under
 * load they are gathered into frames. The slowest watcher sets the pace: the program is paused for it, up to a bound.
 */
export class OutputFlow {
  readonly #log: OutputLog;
  readonly #watchers = new Set<WatcherState>();
  readonly #source: FlowSource;
  readonly #clock: Clock;
  readonly #drained = new Set<() => void>();
  #seenOffset = 0;
  #paused = false;
  #ended = false;
  #stallTimer: Timer | null = null;
  /** What makes checkpoints; null: nothing does, or it failed. */
  #checkpoints: Checkpoints | null;
  readonly #key: number;
  #compacting: Promise<void> | null = null;
  /** How much there has to be for the next checkpoint. */
  #compactAbove = SCROLLBACK_BYTES;

  /** Without `checkpoints`, a window that comes late is shown the last output and the modes it began in, not more. */
  constructor(source: FlowSource, clock: Clock, options: FlowOptions = {}) {
    this.#source = source;
    this.#clock = clock;
    this.#checkpoints = options.checkpoints ?? null;
    this.#key = this.#checkpoints?.newKey() ?? 0;
    this.#log = new OutputLog(SCROLLBACK_BYTES, options.size, this.#checkpoints !== null);
  }

  /** Bytes of output so far. */
  get totalBytes(): number {
    return this.#log.end;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** The modes a terminal that was shown everything is in. */
  modes(): TerminalModes {
    return this.#log.modes();
  }

  /** The output from `offset` on; null when the log does not hold that any more. */
  since(offset: number): Uint8Array | null {
    if (offset < this.#log.start) return null;
    const bytes = new Uint8Array(Math.max(0, this.#log.end - offset));
    this.#log.copy(offset, bytes);
    return bytes;
  }

  /** Takes the next output. */
  append(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#log.append(bytes);
    for (const watcher of this.#watchers) this.#pump(watcher, false);
    this.#compact();
    if (this.#watchers.size > 0 || this.#isUncompacted) this.#steer();
  }

  /** The terminal has another size for the output that follows. */
  resize(size: TerminalSize): void {
    this.#log.resize(size);
    for (const watcher of this.#watchers) this.#pump(watcher, true);
    this.#compact();
  }

  /** Resolves when there is room for more output: what is appended faster than that takes memory. */
  async room(): Promise<void> {
    while (this.#compacting !== null) await this.#compacting;
  }

  watch(options: WatcherOptions): Watcher {
    const replay = options.restore === undefined ? this.#log.replayOfLast() : this.#log.replay();
    const state: WatcherState = {
      options,
      repliesFromOffset: this.#seenOffset,
      cursor: replay.offset,
      change: replay.change,
      unacknowledged: 0,
      progressMark: 0,
      acknowledged: 0,
      flushTimer: null,
      gathers: false,
    };
    this.#watchers.add(state);
    const opened = {
      replayBytes: this.#log.end - replay.offset + replay.prefix.byteLength,
      replayTruncated: replay.truncated,
      stateBytes: replay.state?.byteLength ?? 0,
      ...replay.size,
    };
    options.opened?.(opened);
    if (replay.state !== null) options.restore?.(replay.state);
    if (replay.prefix.byteLength > 0) {
      const buffer = new Uint8Array(options.headerBytes + replay.prefix.byteLength);
      buffer.set(replay.prefix, options.headerBytes);
      state.unacknowledged += replay.prefix.byteLength;
      options.deliver(buffer);
    }
    // The owner learns the watcher first, and then what it watches.
    queueMicrotask(() => {
      this.#pump(state, true);
      this.#steer();
      this.#finish(state);
    });
    return {
      replay: opened,
      get repliesWanted() {
        return state.cursor - state.unacknowledged >= state.repliesFromOffset;
      },
      acknowledge: (count) => this.#acknowledge(state, count),
      detach: () => this.#remove(state, 'detached'),
    };
  }

  /**
   * Resolves when every watcher has acknowledged everything, or after `timeoutMs`.
   *
   * @returns whether they have.
   */
  async drain(timeoutMs: number): Promise<boolean> {
    if (this.#isDrained()) return true;
    const drained = Promise.withResolvers<boolean>();
    const onDrained = (): void => drained.resolve(true);
    this.#drained.add(onDrained);
    try {
      return await withDeadline(drained.promise, timeoutMs, false, this.#clock);
    } finally {
      this.#drained.delete(onDrained);
    }
  }

  /** No more output will come: each watcher is closed once it has been delivered the rest. */
  end(): void {
    this.#ended = true;
    this.#stallTimer?.[Symbol.dispose]();
    this.#stallTimer = null;
    for (const watcher of [...this.#watchers]) {
      this.#pump(watcher, true);
      this.#finish(watcher);
    }
  }

  #pump(watcher: WatcherState, force: boolean): void {
    if (!this.#watchers.has(watcher)) return;
    for (;;) {
      const change = this.#deliverSizes(watcher);
      const unsent = (change?.offset ?? this.#log.end) - watcher.cursor;
      const room = WINDOW_BYTES - watcher.unacknowledged;
      if (unsent === 0 || room <= 0) return;
      if ((watcher.unacknowledged > 0 || watcher.gathers) && unsent < FRAME_BYTES && !force && change === null) {
        this.#flushSoon(watcher, FLUSH_MS);
        return;
      }
      const count = Math.min(unsent, room, FRAME_BYTES);
      const { headerBytes } = watcher.options;
      const buffer = new Uint8Array(headerBytes + count);
      const copied = this.#log.copy(watcher.cursor, headerBytes === 0 ? buffer : buffer.subarray(headerBytes));
      if (copied < 0) {
        this.#remove(watcher, 'cut_off');
        return;
      }
      watcher.cursor += copied;
      watcher.unacknowledged += copied;
      if (copied >= BULK_BYTES) this.#gather(watcher);
      watcher.options.deliver(buffer);
    }
  }

  /** Delivers the sizes that hold from here on; gives the next change after that, if there is one. */
  #deliverSizes(watcher: WatcherState): { readonly offset: number } | null {
    for (;;) {
      const change = this.#log.change(watcher.change);
      if (change === null || change.offset > watcher.cursor) return change;
      watcher.change += 1;
      watcher.options.resized?.({ cols: change.cols, rows: change.rows });
    }
  }

  get #isUncompacted(): boolean {
    return this.#checkpoints !== null && this.#log.sinceCheckpoint > UNCOMPACTED_BYTES;
  }

  /** Has the terminal's state take the place of what has come, when that is much. */
  #compact(): void {
    const checkpoints = this.#checkpoints;
    if (checkpoints === null || this.#compacting !== null || this.#log.sinceCheckpoint <= this.#compactAbove) return;
    this.#compacting = checkpoints
      .compact({ key: this.#key, ...this.#log.uncompacted() })
      .then(
        (checkpoint) => {
          this.#log.compacted(checkpoint, this.#oldestNeeded());
          // What could not be cut is tried again when there is more of it.
          this.#compactAbove = checkpoint.bytes > 0 ? SCROLLBACK_BYTES : this.#compactAbove + SCROLLBACK_BYTES;
        },
        () => {
          this.#checkpoints = null;
          this.#log.keepLastOnly();
        },
      )
      .then(() => {
        this.#compacting = null;
        this.#compact();
        this.#steer();
      });
  }

  /** The first byte that some watcher has not been delivered. */
  #oldestNeeded(): number {
    let oldest = this.#log.end;
    for (const { cursor } of this.#watchers) oldest = Math.min(oldest, cursor);
    return oldest;
  }

  #gather(watcher: WatcherState): void {
    watcher.gathers = true;
    this.#flushSoon(watcher, GATHER_MS);
  }

  #flushSoon(watcher: WatcherState, delayMs: number): void {
    watcher.flushTimer ??= this.#clock.setTimer(delayMs, () => {
      watcher.flushTimer = null;
      watcher.gathers = false;
      this.#pump(watcher, true);
    });
  }

  #acknowledge(watcher: WatcherState, count: number): void {
    const taken = Math.min(count, watcher.unacknowledged);
    watcher.unacknowledged -= taken;
    watcher.acknowledged += taken;
    this.#seenOffset = Math.max(this.#seenOffset, watcher.cursor - watcher.unacknowledged);
    this.#pump(watcher, false);
    this.#steer();
    this.#finish(watcher);
    this.#resolveDrained();
  }

  #finish(watcher: WatcherState): void {
    if (this.#ended && watcher.cursor === this.#log.end && this.#deliverSizes(watcher) === null)
      this.#remove(watcher, 'ended');
  }

  #remove(watcher: WatcherState, reason: WatcherClosedReason): void {
    if (!this.#watchers.delete(watcher)) return;
    watcher.flushTimer?.[Symbol.dispose]();
    watcher.flushTimer = null;
    watcher.options.onClosed(reason);
    this.#steer();
    this.#resolveDrained();
  }

  #lag(watcher: WatcherState): number {
    return this.#log.end - watcher.cursor + watcher.unacknowledged;
  }

  #resolveDrained(): void {
    if (this.#drained.size > 0 && this.#isDrained()) for (const done of [...this.#drained]) done();
  }

  #isDrained(): boolean {
    for (const watcher of this.#watchers) if (this.#lag(watcher) > 0) return false;
    return true;
  }

  /** Pauses the program, or resumes it, for the slowest watcher. */
  #steer(): void {
    let slowest = 0;
    for (const watcher of this.#watchers) slowest = Math.max(slowest, this.#lag(watcher));
    if (!this.#paused && (slowest > HIGH_WATER_BYTES || this.#isUncompacted)) {
      this.#paused = true;
      this.#source.pause();
      this.#watchForStalls();
    } else if (this.#paused && slowest <= LOW_WATER_BYTES && !this.#isUncompacted) {
      this.#paused = false;
      this.#stallTimer?.[Symbol.dispose]();
      this.#stallTimer = null;
      this.#source.resume();
    }
  }

  #watchForStalls(): void {
    if (this.#ended) return;
    for (const watcher of this.#watchers) watcher.progressMark = watcher.acknowledged;
    this.#stallTimer = this.#clock.setTimer(STALL_MS, () => {
      this.#stallTimer = null;
      const others = [...this.#watchers].some((watcher) => this.#lag(watcher) <= LOW_WATER_BYTES);
      if (others) {
        for (const watcher of [...this.#watchers]) {
          const stalled = this.#lag(watcher) > LOW_WATER_BYTES && watcher.acknowledged === watcher.progressMark;
          if (stalled) this.#remove(watcher, 'cut_off');
        }
      }
      if (this.#paused) this.#watchForStalls();
    });
  }
}
