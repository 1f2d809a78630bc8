import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import type { ExitStatus } from '../backend.ts';
import { FIRST_DESCRIPTOR, type Launch, preludeCommand } from './launch.ts';
import { loadNativePty } from './native-pty.ts';
import type { Terminal, TerminalListener } from './terminal.ts';
import { UnixTerminal } from './unix-terminal.ts';

/** asm-generic/fcntl.h; the same on every architecture that Electron supports. */
const O_CLOEXEC = 0o2000000;

/** Descriptors of all sessions' terminals that are open in this process. */
const terminals = new Set<number>();

/** A terminal on Linux. */
export interface LinuxTerminal extends Terminal {
  /** The other end of the command's socket; null when it was not asked for. The caller's to destroy. */
  readonly channel: Duplex | null;
}

/**
 * The `stdio` of a child process that must not get hold of sessions' terminals. node-pty opens them without the mark
 * that closes a descriptor when a program is started, so a child would inherit them: it could read and type in other
 * sessions. Each is covered with `/dev/null` in the child.
 *
 * @param first the child's descriptors from 0 on.
 * @param nothing a descriptor of `/dev/null`.
 * @param others more descriptors that it must not get.
 */
export function stdioWithoutTerminals<T>(
  first: readonly T[],
  nothing: number,
  others: readonly number[] = [],
): (T | number | 'ignore')[] {
  const stdio: (T | number | 'ignore')[] = [...first];
  for (const fd of [...terminals, ...others]) {
    // What is in `first` covers it already.
    if (fd < first.length) continue;
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = nothing;
  }
  return stdio;
}

/**
 * Descriptors that this process would pass on to its children, besides the first three: those that it has inherited itself,
 * and those of libraries that forget to mark them (O_CLOEXEC, proc_pid_fdinfo(5)).
 */
export function inheritable(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      if (fd < FIRST_DESCRIPTOR) return false;
      try {
        const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
        return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
      } catch {
        // The one through which the folder was read.
        return false;
      }
    });
}

/**
 * Starts a shell on a new pseudoterminal on Linux: the pair comes from node-pty's native part, the process from Node
 * itself, which starts it without copying the app's memory map and tells the signal that ended it.
 *
 * @throws when the system refuses (no more terminals, processes or descriptors).
 */
export async function openLinuxTerminal(launch: Launch, listener: TerminalListener): Promise<LinuxTerminal> {
  const native = loadNativePty();
  const nothing = openSync('/dev/null', 'r+');
  const pair = native.open(launch.cols, launch.rows);
  terminals.add(pair.master).add(pair.slave);
  try {
    const { file, args } = preludeCommand(launch, pair.pty);
    const channels = launch.hasChannel === true ? (['pipe'] as const) : [];
    const own = [pair.slave, pair.slave, pair.slave, ...channels, ...(launch.descriptors ?? [])];
    const kept = launch.keepsOthersOut === true ? inheritable() : [];
    const child = spawn(file, args, {
      cwd: launch.folder,
      env: { ...launch.environment, PWD: launch.folder },
      detached: true,
      stdio: stdioWithoutTerminals(own, nothing, kept),
    });
    if (child.pid === undefined) {
      const [error] = await once(child, 'error');
      throw error;
    }
    const exit = new Promise<ExitStatus>((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const terminal = new UnixTerminal({
      pid: child.pid,
      fd: pair.master,
      exit,
      resize: (cols, rows) => native.resize(pair.master, cols, rows),
      listener,
      onClosed: () => terminals.delete(pair.master),
    });
    const channel = child.stdio[FIRST_DESCRIPTOR];
    return Object.assign(terminal, { channel: channel instanceof Duplex ? channel : null });
  } catch (error) {
    terminals.delete(pair.master);
    closeSync(pair.master);
    throw error;
  } finally {
    terminals.delete(pair.slave);
    closeSync(pair.slave);
    closeSync(nothing);
  }
}
