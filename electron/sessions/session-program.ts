import type { BackendProcess } from '../backends/backend.ts';
import type { InputQueue } from './input/input-queue.ts';
import { type Holder, ProgramHold } from './output/program-pause.ts';

/** What runs in front: the shell itself at its prompt, or a command. */
export interface InFront {
  readonly isShell: boolean;
  /** The command's name; null for the shell, and where it cannot be told. */
  readonly command: string | null;
  /** Another one than when it was last asked. */
  readonly changed: boolean;
}

/** What runs in a session, and its size, through its life: what is meant for it before it is there waits for it. */
export class SessionProgram {
  #cols: number;
  #rows: number;
  #command: string | null = null;
  #process: BackendProcess | null = null;
  readonly #hold = new ProgramHold();
  readonly #input: InputQueue;

  /** @param input what is written for it, from before it is there. */
  constructor(cols: number, rows: number, input: InputQueue) {
    this.#cols = cols;
    this.#rows = rows;
    this.#input = input;
  }

  get cols(): number {
    return this.#cols;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The command that was in front when it was last asked. */
  get command(): string | null {
    return this.#command;
  }

  /** Null until it is there. */
  get process(): BackendProcess | null {
    return this.#process;
  }

  /** It is there: it gets what came for it meanwhile. */
  attach(process: BackendProcess): void {
    this.#process = process;
    this.#hold.attach(process);
    process.resize(this.#cols, this.#rows);
    this.#input.attach(process);
  }

  /** False: it has that size. */
  resize(cols: number, rows: number): boolean {
    if (cols === this.#cols && rows === this.#rows) return false;
    this.#cols = cols;
    this.#rows = rows;
    this.#process?.resize(cols, rows);
    return true;
  }

  /** Has it draw itself anew, if it does so when its size changes. */
  redraw(): void {
    if (this.#process === null || this.#rows < 2) return;
    this.#process.resize(this.#cols, this.#rows - 1);
    this.#process.resize(this.#cols, this.#rows);
  }

  /** Asks what is in front; null while there is nothing to ask. */
  async inFront(): Promise<InFront | null> {
    if (this.#process === null) return null;
    const { isShell, command: name } = await this.#process.foreground();
    const command = isShell ? null : name;
    const changed = command !== this.#command;
    this.#command = command;
    return { isShell, command, changed };
  }

  /** Holds its output back while anyone needs that. */
  hold(who: Holder): void {
    this.#hold.hold(who);
  }

  release(who: Holder): void {
    this.#hold.release(who);
  }
}
