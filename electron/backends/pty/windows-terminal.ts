import { withDeadline } from '../../base/with-deadline.ts';
import type { Launch } from './launch.ts';
import { loadConPty } from './native-pty.ts';
import type { Terminal, TerminalListener } from './terminal.ts';

/** How long output that is on its way may take, in milliseconds. */
const QUIET_MS = 50;
/** How much input is handed over in one turn of the event loop, in bytes. */
const TURN_BYTES = 16_384;

/**
 * Starts a shell on a Windows pseudoconsole through node-pty, which reads the console to its end by itself. It does not
 * say how much input waits, and the console itself takes any amount of it, whether the program reads or not: input is
 * only handed over in portions.
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
  let portion: NodeJS.Immediate | null = null;
  const end = (exitCode: number | null): void => {
    if (ended) return;
    ended = true;
    if (portion !== null) clearImmediate(portion);
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
      if (ended || portion !== null) return 0;
      const taken = Math.min(bytes.length, TURN_BYTES);
      pty.write(Buffer.from(bytes.subarray(0, taken)));
      if (taken < bytes.length) {
        portion = setImmediate(() => {
          portion = null;
          listener.onInputRoom();
        });
      }
      return taken;
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
      await withDeadline(exited, Math.min(timeoutMs, QUIET_MS), undefined);
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
