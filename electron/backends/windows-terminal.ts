import { pauseFor } from './close-ladder.ts';
import type { Launch } from './launch.ts';
import { loadConPty } from './native-pty.ts';
import { MAX_WAITING_INPUT, type Terminal, type TerminalListener } from './terminal.ts';

/** How long output that is on its way may take, in milliseconds. */
const QUIET_MS = 50;

/**
 * Starts a shell on a Windows pseudoconsole through node-pty, which reads the console to its end by itself and does not
 * tell how much input waits: the bound holds for each single write only.
 *
 * @throws when the system refuses.
 */
export function openWindowsTerminal(launch: Launch, listener: TerminalListener): Terminal {
  const pty = loadConPty().spawn(launch.file, launch.args, {
    cols: launch.cols,
    rows: launch.rows,
    cwd: launch.folder,
    env: { ...launch.environment },
    encoding: null,
  });
  const { promise: exited, resolve: markExited } = Promise.withResolvers<void>();
  let ended = false;
  const end = (exitCode: number | null): void => {
    if (ended) return;
    ended = true;
    dataSubscription.dispose();
    exitSubscription.dispose();
    markExited();
    listener.onEnd({ exitCode, signal: null });
  };
  const dataSubscription = pty.onData((data) => listener.onData(typeof data === 'string' ? Buffer.from(data) : data));
  const exitSubscription = pty.onExit(({ exitCode }) => end(exitCode));
  return {
    pid: pty.pid,
    exited,
    write(bytes) {
      if (ended || bytes.length > MAX_WAITING_INPUT) return false;
      pty.write(Buffer.from(bytes));
      return true;
    },
    resize(cols, rows) {
      if (!ended) pty.resize(cols, rows);
    },
    pause() {
      if (!ended) pty.pause();
    },
    resume() {
      if (!ended) pty.resume();
    },
    // Processes cannot be stopped here: a moment for what is on its way, and the flood is held back after it.
    async drain(timeoutMs) {
      if (ended) return;
      pty.resume();
      await pauseFor(Math.min(timeoutMs, QUIET_MS), exited);
      if (!ended) pty.pause();
    },
    finish() {
      if (!ended) pty.resume();
    },
    hangUp() {
      if (!ended) pty.kill();
    },
    abandon() {
      if (!ended) pty.kill();
      end(null);
    },
  };
}
