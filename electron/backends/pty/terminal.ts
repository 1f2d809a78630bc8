import type { ExitStatus } from '../backend.ts';

/** Receives a terminal's output in order, then its end, once, after all output. */
export interface TerminalListener {
  onData(bytes: Uint8Array): void;
  /** After a `write` that did not take everything: there may be room again. */
  onInputRoom(): void;
  onEnd(status: ExitStatus): void;
}

/** A shell on a pseudoterminal. After the end every method does nothing. */
export interface Terminal {
  readonly pid: number;
  /** How many of the bytes were accepted; see `BackendProcess.write`. */
  write(bytes: Uint8Array): number;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
  /** Those who write are stopped: delivers what was on its way, at most `timeoutMs` long, then reads no more until `finish`. */
  drain(timeoutMs: number): Promise<void>;
  /** The shell is being ended: whatever `pause` said, read to the end of the output. */
  finish(): void;
  /** Windows: closes the console, which asks every program on it to end. On Unix signals do this; nothing happens. */
  hangUp(): void;
  /** Gives up on a shell that cannot be ended: closes the terminal and reports an end, without a status if there is none. */
  abandon(): void;
  /** Resolves when the shell's process has exited, even while output still waits to be read. */
  readonly exited: Promise<void>;
}
