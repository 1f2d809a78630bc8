import type { BackendListener, ExitStatus } from './backend.ts';
import type { TerminalListener } from './pty/terminal.ts';

/** How much of what is written before the session runs is kept, in bytes. */
const EARLY_BYTES = 64 * 1024;

/**
 * Between a terminal and the session's listener: after a start that was cancelled or failed, the listener is not notified of
 * what became of the shell.
 */
export class StartBarrier implements TerminalListener {
  readonly #listener: BackendListener;
  readonly #signal: AbortSignal;
  #state: 'passing' | 'holding' | 'shut';
  #isStarted = false;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #heldEnd: ExitStatus | null = null;
  #end: ((status: ExitStatus) => void) | null = null;
  #endedEarly: ExitStatus | null = null;

  /** @param mode whether everything is passed on at once, or held until `open`. */
  constructor(listener: BackendListener, mode: 'until aborted' | 'until opened', signal: AbortSignal) {
    this.#listener = listener;
    this.#signal = signal;
    this.#state = mode === 'until aborted' ? 'passing' : 'holding';
  }

  onData(bytes: Uint8Array): void {
    if (this.#isPassing) {
      this.#listener.onData(bytes);
    } else if (this.#state === 'holding' && this.#heldBytes < EARLY_BYTES) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
    }
  }

  onInputRoom(): void {
    this.#listener.onInputRoom();
  }

  onEnd(status: ExitStatus): void {
    if (this.#end === null) this.#endedEarly = status;
    else this.#end(status);
  }

  /** Who finishes the terminal's end; called at once if it has ended already. */
  onEnded(end: (status: ExitStatus) => void): void {
    this.#end = end;
    if (this.#endedEarly !== null) end(this.#endedEarly);
  }

  /** Notifies the listener of the end, now or when the barrier opens. */
  notifyEnd(status: ExitStatus): void {
    if (this.#isPassing) this.#listener.onExit(status);
    else if (this.#state === 'holding') this.#heldEnd = status;
  }

  /** The session runs: delivers what was held, and everything from now on. */
  open(): void {
    this.#isStarted = true;
    this.#state = 'passing';
    for (const bytes of this.#held.splice(0)) this.#listener.onData(bytes);
    if (this.#heldEnd !== null) this.#listener.onExit(this.#heldEnd);
  }

  /** The start has failed: the listener gets nothing any more. */
  close(): void {
    this.#state = 'shut';
  }

  /** What was held so far. */
  earlyOutput(): string {
    return Buffer.concat(this.#held).toString('utf8');
  }

  get #isPassing(): boolean {
    return this.#state === 'passing' && (this.#isStarted || !this.#signal.aborted);
  }
}
