import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Terminal } from '@xterm/headless';
import { coreOf } from '../../shared/terminal/core.ts';
import { captureState, isAtBoundary, restoreState, SetColors } from '../../shared/terminal/state.ts';
import { openHeadlessTerminal } from './headless-terminal.ts';
import { skipScrolledOut } from './skip-scrolled-out.ts';

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** A terminal's new size, before the byte at this index. */
export interface SizeChange extends TerminalSize {
  readonly index: number;
}

/** What a terminal was shown since its last checkpoint. */
export interface CompactJob {
  /** Names the terminal; another checkpoint of it may go on from where the last one was. */
  readonly key: number;
  /** Its checkpoint; null: a fresh terminal of `size`. */
  readonly state: Uint8Array | null;
  readonly size: TerminalSize;
  readonly bytes: Uint8Array;
  /** In order. */
  readonly changes: readonly SizeChange[];
  /** Lines above the screen that windows keep. */
  readonly scrollback: number;
}

/** The state after the first `bytes` bytes and `changes` changes of a job, as `captureState` gives it, deflated. */
export interface Checkpoint {
  readonly state: Uint8Array<ArrayBuffer>;
  readonly size: TerminalSize;
  readonly bytes: number;
  readonly changes: number;
}

const ESC = 0x1b;
const TAIL_BYTES = 65_536;
const STEP_BYTES = 512;
/** So many changes of size are not left for the next checkpoint, whatever they come in the middle of. */
const MAX_CHANGES = 1_000;

/**
 * Turns output into the state that it leaves a terminal in. It keeps the last terminal, so that one that floods is not
 * set up again for each part.
 */
export class Compactor {
  #last: {
    readonly key: number;
    readonly state: Uint8Array;
    readonly scrollback: number;
    readonly opened: Opened;
  } | null = null;

  readonly #tailBytes: number;
  readonly #stepBytes: number;

  /** Of the end, `tailBytes` are left for the next checkpoint, but for what ends a sequence; it is sought in steps. */
  constructor(tailBytes = TAIL_BYTES, stepBytes = STEP_BYTES) {
    this.#tailBytes = tailBytes;
    this.#stepBytes = stepBytes;
  }

  compact(job: CompactJob): Checkpoint {
    const opened = this.#open(job);
    const { terminal, colors } = opened;
    const end = job.bytes.byteLength;
    const limit = job.changes.length > MAX_CHANGES ? end : Math.max(0, end - this.#tailBytes);
    const at = this.#play(terminal, job, limit);
    const state = new Uint8Array(deflateRawSync(captureState(terminal, colors), { level: 1 }));
    this.#last = { key: job.key, state: state.slice(), scrollback: job.scrollback, opened };
    return { state, size: { cols: terminal.cols, rows: terminal.rows }, ...at };
  }

  /** Plays what comes before `limit`, and then as far as the sequence and the character that are begun there go. */
  #play(terminal: Terminal, { bytes, changes }: CompactJob, limit: number): { bytes: number; changes: number } {
    const core = coreOf(terminal);
    let at = 0;
    let change = 0;
    const to = (index: number): void => {
      core.writeSync(bytes.subarray(at, index));
      at = index;
    };
    for (let next = changes[change]; next !== undefined && next.index <= limit; next = changes[++change]) {
      to(next.index);
      terminal.resize(next.cols, next.rows);
    }
    const { skipped, before } = skipScrolledOut(terminal, bytes.subarray(at, limit));
    core.writeSync(before);
    at += skipped;
    to(limit);
    while (at < bytes.byteLength && !isAtBoundary(terminal)) {
      const next = changes[change];
      // Before a sequence begins, the last one has ended.
      const sequence = bytes.indexOf(ESC, at + 1);
      const step = sequence < 0 ? at + this.#stepBytes : Math.min(at + this.#stepBytes, sequence);
      to(Math.min(step, next?.index ?? bytes.byteLength, bytes.byteLength));
      if (next === undefined || next.index > at || isAtBoundary(terminal)) continue;
      terminal.resize(next.cols, next.rows);
      change += 1;
    }
    return { bytes: at, changes: change };
  }

  [Symbol.dispose](): void {
    this.#last?.opened.terminal.dispose();
    this.#last = null;
  }

  #open({ key, state, size, scrollback }: CompactJob): Opened {
    const last = this.#last;
    this.#last = null;
    if (last !== null && state !== null && last.key === key && last.scrollback === scrollback) {
      if (Buffer.compare(last.state, state) === 0) return last.opened;
    }
    last?.opened.terminal.dispose();
    const terminal = openHeadlessTerminal({ ...size, scrollback });
    const opened = { terminal, colors: new SetColors(terminal) };
    if (state !== null) restoreState(terminal, inflateRawSync(state));
    return opened;
  }
}

interface Opened {
  readonly terminal: Terminal;
  readonly colors: SetColors;
}
