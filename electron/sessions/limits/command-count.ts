import type { SessionInfo } from '../../../shared/session.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { CommandMarks, type MarkFamily, type MarkKind } from '../../terminal/command-marks.ts';
import { SubmittedLines } from './submitted-lines.ts';

/** How often it is looked, after the last command has begun, whether the shell is at its prompt again, in milliseconds. */
export const LOOK_MS = 500;
/** How often at most it is told that there are more commands, in milliseconds. */
const TELL_MS = 500;

/** What a count of commands asks and tells. */
export interface CommandCountListener {
  /** How many were counted in an earlier run of the app. */
  readonly before?: number;
  /** How many there may be; 0: any number. */
  limit(): number;
  /** Whether the shell itself is in front. */
  isShellInFront(): Promise<boolean>;
  /** The count is another one. Told now and then. */
  onChange(): void;
  /** The last command that may be is done, or one more was about to begin. Told once; then nothing is counted any more. */
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

/** What one family of marks has told. */
interface Marked {
  used: number;
  /** A command has begun, and not ended. */
  running: boolean;
  /** Its text was told, but not yet that it runs. */
  announced: boolean;
  /** It tells of prompts, too, so that it will tell when the command is done. */
  tellsEnds: boolean;
}

const nothingMarked = (used: number): Marked => ({ used, running: false, announced: false, tellsEnds: false });

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
  /** There was output since the last look. */
  #isNoisy = false;
  #lookTimer: Timer | null = null;
  #isLooking = false;
  #tellTimer: Timer | null = null;
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
   * @returns how many bytes of it may be passed on: those up to the last command that may be. Null: one more was about to
   * begin, and `onLimit` was told.
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
    if (this.#isLastBegun) this.#lookSoon();
    else this.#stopLooking();
  }

  #end(): void {
    if (this.#stopped) return;
    this.stop();
    this.#listener.onLimit();
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#stopped = true;
    this.#stopLooking();
    this.#tellTimer?.[Symbol.dispose]();
    this.#tellTimer = null;
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
        marked.tellsEnds = true;
        if (this.#isLastBegun && marked.used >= this.#listener.limit()) this.#end();
    }
  }

  #countMark(marked: Marked): void {
    marked.used += 1;
    this.#onCounted(marked.used);
  }

  #onCounted(count: number): void {
    if (this.#stopped) return;
    this.#tellTimer ??= this.#clock.setTimer(TELL_MS, () => {
      this.#tellTimer = null;
      this.#listener.onChange();
    });
    const limit = this.#listener.limit();
    if (limit > 0 && count > limit) this.#end();
    else this.check();
  }

  #lookSoon(): void {
    if (this.#stopped || this.#isLooking) return;
    this.#lookTimer ??= this.#clock.setTimer(LOOK_MS, () => {
      this.#lookTimer = null;
      this.#isLooking = true;
      this.#look()
        .catch((error: unknown) => this.#listener.onError(error))
        .finally(() => {
          this.#isLooking = false;
          if (this.#isLastBegun) this.#lookSoon();
        });
    });
  }

  #stopLooking(): void {
    this.#lookTimer?.[Symbol.dispose]();
    this.#lookTimer = null;
  }

  /** The last command may have been a quick one, or one of the shell's own: it is done when the prompt stands there quietly. */
  async #look(): Promise<void> {
    const wasNoisy = this.#isNoisy;
    this.#isNoisy = false;
    const isMarkedRunning = [this.#marked[133], this.#marked[633]].some(
      ({ running, tellsEnds }) => running && tellsEnds,
    );
    if (wasNoisy || isMarkedRunning || !(await this.#listener.isShellInFront())) return;
    if (!this.#stopped && this.#isLastBegun && !this.#isNoisy) this.#end();
  }
}
