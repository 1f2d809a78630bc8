import type { SessionInfo } from '../../../shared/session.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { CommandMarks, type MarkFamily, type MarkKind } from '../../terminal/command-marks.ts';
import { SubmittedLines } from './submitted-lines.ts';

/** How often to poll, after the last command has begun, whether the shell is at its prompt again, in milliseconds. */
const POLL_MS = 500;
/** The shortest time between two notifications that there are more commands, in milliseconds. */
const NOTIFY_MS = 500;

/** What a count of commands asks, and whom it notifies. */
export interface CommandCountListener {
  /** How many were counted in an earlier run of the app. */
  readonly before?: number;
  /** How many there may be; 0: any number. */
  limit(): number;
  /** Whether the shell itself is in front. */
  isShellInFront(): Promise<boolean>;
  /** The count is another one. Called now and then. */
  onChange(): void;
  /** The last allowed command is done, or one more was about to begin. Called once; then nothing is counted any more. */
  onLimit(): void;
  onError(error: unknown): void;
}

/**
 * How many commands a session may run once its limit was changed (0: any number). A lower limit ends no session out of
 * hand: one that has run as many already may run one more, but never more than it might have before.
 */
export function commandLimitAfterChange(before: number, limit: number, used: number): number {
  if (limit === 0 || (before !== 0 && limit >= before)) return limit;
  return Math.max(limit, Math.min(before === 0 ? Number.POSITIVE_INFINITY : before, used + 1));
}

/** What the marks of one family have said. */
interface Marked {
  used: number;
  /** A command has begun, and not ended. */
  running: boolean;
  /** Its text was marked, but not yet that it runs. */
  announced: boolean;
  /** It marks prompts, too, so that it will mark when the command is done. */
  marksEnds: boolean;
}

const nothingMarked = (used: number): Marked => ({ used, running: false, announced: false, marksEnds: false });

/**
 * Counts the commands of a session: by the marks of shell integration in its output, and by the lines that the user
 * submits at its prompt. The larger number holds: marks are output, so any program can print some, but none can hide
 * commands with them.
 */
export class CommandCount {
  readonly #clock: Clock;
  readonly #listener: CommandCountListener;
  readonly #lines = new SubmittedLines();
  readonly #marks = new CommandMarks((family, kind) => this.#onMark(family, kind));
  readonly #before: number;
  readonly #marked: Readonly<Record<MarkFamily, Marked>>;
  #submitted: number;
  #isLastBegun = false;
  /** There was output since the last poll. */
  #isNoisy = false;
  #pollTimer: Timer | null = null;
  #isPolling = false;
  #notifyTimer: Timer | null = null;
  #stopped = false;

  constructor(clock: Clock, listener: CommandCountListener) {
    this.#clock = clock;
    this.#listener = listener;
    this.#before = listener.before ?? 0;
    this.#marked = { 133: nothingMarked(this.#before), 633: nothingMarked(this.#before) };
    this.#submitted = this.#before;
  }

  /** Commands begun so far, and what counted them. */
  get state(): SessionInfo['commands'] {
    const marked = this.#countedByMarks;
    if (marked > this.#before && marked >= this.#submitted) return { used: marked, source: 'marks' };
    return { used: this.#submitted, source: 'lines' };
  }

  get #countedByMarks(): number {
    return Math.max(this.#marked[133].used, this.#marked[633].used);
  }

  /** Takes the next output. */
  output(bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#isNoisy = true;
    this.#marks.scan(bytes);
  }

  /**
   * Takes the next input of the user. `atPrompt`: the shell is known to be in front, else it is asked.
   *
   * @returns how many bytes of it may be passed on: those up to the last allowed command. Null: one more was about to begin,
   * and `onLimit` was called.
   */
  input(bytes: Uint8Array, atPrompt: boolean): number | null {
    const limit = this.#listener.limit();
    const wasLastBegun = this.#isLastBegun;
    if (!atPrompt) {
      const { lines } = this.#lines.take(bytes);
      if (lines > 0 && limit > 0) this.#askWhoseLines(lines, wasLastBegun);
      return bytes.byteLength;
    }
    const left = limit === 0 ? Number.POSITIVE_INFINITY : Math.max(1, limit - this.state.used);
    const taken = this.#lines.take(bytes, left);
    if (taken.lines > 0) {
      if (wasLastBegun) {
        this.#end();
        return null;
      }
      this.#submit(taken.lines);
    }
    return taken.bytes;
  }

  /** The limit may be another one. */
  check(): void {
    const limit = this.#listener.limit();
    this.#isLastBegun = limit > 0 && this.state.used >= limit;
    if (this.#isLastBegun) this.#pollSoon();
    else this.#stopPolling();
  }

  #end(): void {
    if (this.#stopped) return;
    this.stop();
    this.#listener.onLimit();
  }

  /** Nothing is counted any more, and nothing is called. */
  stop(): void {
    this.#stopped = true;
    this.#stopPolling();
    this.#notifyTimer?.[Symbol.dispose]();
    this.#notifyTimer = null;
  }

  /** What was typed while a command ran is for that command, unless that had just ended. */
  #askWhoseLines(lines: number, wasLastBegun: boolean): void {
    this.#listener.isShellInFront().then(
      (isShell) => {
        if (!isShell || this.#stopped) return;
        if (wasLastBegun) this.#end();
        else this.#submit(lines);
      },
      (error: unknown) => this.#listener.onError(error),
    );
  }

  #submit(lines: number): void {
    this.#submitted += lines;
    this.#onCounted(this.#submitted);
  }

  #onMark(family: MarkFamily, kind: MarkKind): void {
    const marked = this.#marked[family];
    switch (kind) {
      case 'C':
        marked.running = true;
        if (!marked.announced) this.#countMark(marked);
        marked.announced = false;
        return;
      case 'E':
        if (marked.running) return;
        marked.running = true;
        marked.announced = true;
        this.#countMark(marked);
        return;
      case 'A':
      case 'B':
      case 'D':
        marked.running = false;
        marked.announced = false;
        marked.marksEnds = true;
        if (this.#isLastBegun && marked.used >= this.#listener.limit()) this.#end();
    }
  }

  #countMark(marked: Marked): void {
    marked.used += 1;
    this.#onCounted(marked.used);
  }

  #onCounted(count: number): void {
    if (this.#stopped) return;
    this.#notifyTimer ??= this.#clock.setTimer(NOTIFY_MS, () => {
      this.#notifyTimer = null;
      this.#listener.onChange();
    });
    const limit = this.#listener.limit();
    if (limit > 0 && count > limit) this.#end();
    else this.check();
  }

  #pollSoon(): void {
    if (this.#stopped || this.#isPolling) return;
    this.#pollTimer ??= this.#clock.setTimer(POLL_MS, () => {
      this.#pollTimer = null;
      this.#isPolling = true;
      this.#poll()
        .catch((error: unknown) => this.#listener.onError(error))
        .finally(() => {
          this.#isPolling = false;
          if (this.#isLastBegun) this.#pollSoon();
        });
    });
  }

  #stopPolling(): void {
    this.#pollTimer?.[Symbol.dispose]();
    this.#pollTimer = null;
  }

  /** The last command may have been a quick one, or one of the shell's own: it is done when the prompt is there and quiet. */
  async #poll(): Promise<void> {
    const wasNoisy = this.#isNoisy;
    this.#isNoisy = false;
    const isMarkedRunning = [this.#marked[133], this.#marked[633]].some(
      ({ running, marksEnds }) => running && marksEnds,
    );
    if (wasNoisy || isMarkedRunning || !(await this.#listener.isShellInFront())) return;
    if (!this.#stopped && this.#isLastBegun && !this.#isNoisy) this.#end();
  }
}
