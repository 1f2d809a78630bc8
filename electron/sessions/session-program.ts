import type { BackendProcess, ExitStatus } from '../backends/backend.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import type { InputQueue } from './input/input-queue.ts';
import { type PauseReason, ProgramPause } from './output/program-pause.ts';

/** What runs in front: the shell itself at its prompt, or a command. */
export interface InFront {
  readonly isShell: boolean;
  /** The command's name; null for the shell, and where it cannot be found out. */
  readonly command: string | null;
  /** Whether it is another one than at the last poll. */
  readonly changed: boolean;
}

/** What runs in a session, and the size of its terminal. Input and sizes that come before it runs wait for it. */
export class SessionProgram {
  #cols: number;
  #rows: number;
  #command: string | null = null;
  #process: BackendProcess | null = null;
  #exit: ExitStatus | null = null;
  readonly #pause = new ProgramPause();
  readonly #input: InputQueue;

  /** @param input takes what is written, also before it runs. */
  constructor(cols: number, rows: number, input: InputQueue) {
    this.#cols = cols;
    this.#rows = rows;
    this.#input = input;
  }

  get size(): TerminalSize {
    return { cols: this.#cols, rows: this.#rows };
  }

  /** How the shell has exited; null while it has not. */
  get exit(): ExitStatus | null {
    return this.#exit;
  }

  /** The command that was in front at the last poll. */
  get command(): string | null {
    return this.#command;
  }

  /** Null until it runs. */
  get process(): BackendProcess | null {
    return this.#process;
  }

  /** It runs: it gets what came for it meanwhile. */
  attach(process: BackendProcess): void {
    this.#process = process;
    this.#pause.attach(process);
    process.resize(this.#cols, this.#rows);
    this.#input.attach(process);
  }

  /** @returns false if it has that size. */
  resize(cols: number, rows: number): boolean {
    if (cols === this.#cols && rows === this.#rows) return false;
    this.#cols = cols;
    this.#rows = rows;
    this.#process?.resize(cols, rows);
    return true;
  }

  /** Makes a full-screen program redraw itself, if it does so when its size changes. */
  redraw(): void {
    if (this.#process === null || this.#rows < 2) return;
    this.#process.resize(this.#cols, this.#rows - 1);
    this.#process.resize(this.#cols, this.#rows);
  }

  /** Finds out what is in front; null while nothing runs. */
  async inFront(): Promise<InFront | null> {
    if (this.#process === null) return null;
    const { isShell, command: name } = await this.#process.foreground();
    const command = isShell ? null : name;
    const changed = command !== this.#command;
    this.#command = command;
    return { isShell, command, changed };
  }

  /** The shell has exited. */
  exited(status: ExitStatus): void {
    this.#exit = status;
  }

  /** Pauses its output until every reason to is gone. */
  pause(reason: PauseReason): void {
    this.#pause.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#pause.resume(reason);
  }
}
