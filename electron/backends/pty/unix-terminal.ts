import { constants } from 'node:os';
import type { ExitStatus } from '../backend.ts';
import type { Launch } from './launch.ts';
import { loadNativePty, spawnHelper } from './native-pty.ts';
import { PtyStream } from './pty-stream.ts';
import type { Terminal, TerminalListener } from './terminal.ts';

/** What a Unix terminal is made of. It owns `fd`. */
export interface UnixTerminalParts {
  readonly pid: number;
  readonly fd: number;
  readonly exit: Promise<ExitStatus>;
  readonly listener: TerminalListener;
  resize(cols: number, rows: number): void;
  /** The descriptor is closed. */
  onClosed?(): void;
}

/** A shell on a Unix pseudoterminal: joins the process's exit and the end of its output into one end. */
export class UnixTerminal implements Terminal {
  readonly pid: number;
  readonly exited: Promise<void>;
  readonly #parts: UnixTerminalParts;
  readonly #stream: PtyStream;
  #status: ExitStatus | null = null;
  #streamEnded = false;
  #isNotified = false;

  constructor(parts: UnixTerminalParts) {
    this.pid = parts.pid;
    this.#parts = parts;
    this.#stream = new PtyStream(parts.fd, {
      onData: (bytes) => parts.listener.onData(bytes),
      onInputRoom: () => parts.listener.onInputRoom(),
      onEnd: () => {
        parts.onClosed?.();
        this.#streamEnded = true;
        this.#notify();
      },
    });
    this.exited = parts.exit.then((status) => {
      this.#status = status;
      this.#stream.shellExited();
      this.#notify();
    });
  }

  write(bytes: Uint8Array): number {
    return this.#stream.write(bytes);
  }

  resize(cols: number, rows: number): void {
    if (this.#stream.isOpen) this.#parts.resize(cols, rows);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  drain(timeoutMs: number): Promise<void> {
    return this.#stream.drain(timeoutMs);
  }

  finish(): void {
    this.#stream.finish();
  }

  hangUp(): void {}

  abandon(): void {
    if (this.#isNotified) return;
    this.#status ??= { exitCode: null, signal: null };
    this.#stream.finish();
    this.#stream.close();
    this.#notify();
  }

  #notify(): void {
    if (this.#isNotified || this.#status === null || !this.#streamEnded) return;
    this.#isNotified = true;
    this.#parts.listener.onEnd(this.#status);
  }
}

/** Starts a shell through node-pty's native part, on Unix other than Linux. @throws when the system refuses. */
export function forkUnixTerminal(launch: Launch, listener: TerminalListener): Terminal {
  const native = loadNativePty();
  const environment = Object.entries({ ...launch.environment, PWD: launch.folder });
  const { promise: exit, resolve: markExited } = Promise.withResolvers<ExitStatus>();
  const { fd, pid } = native.fork(
    launch.file,
    launch.args,
    environment.map(([name, value]) => `${name}=${value}`),
    launch.folder,
    launch.cols,
    launch.rows,
    -1,
    -1,
    true,
    process.platform === 'darwin' ? spawnHelper() : '',
    (exitCode, signal) => markExited({ exitCode: signal === 0 ? exitCode : null, signal: signalName(signal) }),
  );
  return new UnixTerminal({ pid, fd, exit, listener, resize: (cols, rows) => native.resize(fd, cols, rows) });
}

function signalName(number: number): string | null {
  if (number === 0) return null;
  const named = Object.entries(constants.signals).find(([, value]) => value === number);
  return named?.[0] ?? `signal ${number}`;
}
