import type { BackendProcess } from '../../backends/backend.ts';

/** Who may hold a program back. */
export type Holder = 'resuming' | 'windows' | 'recording';

/** Holds a session's program back while anyone needs it to wait, also from before it runs. */
export class ProgramHold {
  readonly #holders = new Set<Holder>();
  #process: BackendProcess | null = null;

  /** The program is there. */
  attach(process: BackendProcess): void {
    this.#process = process;
    if (this.#holders.size > 0) process.pause();
  }

  hold(who: Holder): void {
    this.#holders.add(who);
    this.#process?.pause();
  }

  release(who: Holder): void {
    this.#holders.delete(who);
    if (this.#holders.size === 0) this.#process?.resume();
  }
}
