import type { BackendProcess } from '../../backends/backend.ts';

/** Why a program's output is paused: backpressure of windows or of the recording, or the session is being resumed. */
export type PauseReason = 'resuming' | 'windows' | 'recording';

/** Pauses a session's program while there is any reason to, also from before it runs. */
export class ProgramPause {
  readonly #reasons = new Set<PauseReason>();
  #process: BackendProcess | null = null;

  /** The program runs. */
  attach(process: BackendProcess): void {
    this.#process = process;
    if (this.#reasons.size > 0) process.pause();
  }

  pause(reason: PauseReason): void {
    this.#reasons.add(reason);
    this.#process?.pause();
  }

  resume(reason: PauseReason): void {
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#process?.resume();
  }
}
