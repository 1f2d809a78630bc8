import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Duplex } from 'node:stream';
import type { ExitStatus } from './backend.ts';
import { FIRST_DESCRIPTOR, type Launch, preludeCommand } from './launch.ts';
import { loadNativePty } from './native-pty.ts';
import type { Terminal, TerminalListener } from './terminal.ts';
import { UnixTerminal } from './unix-terminal.ts';

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
 */
export function stdioWithoutTerminals<T>(first: readonly T[], nothing: number): (T | number | 'ignore')[] {
  const stdio: (T | number | 'ignore')[] = [...first];
  for (const fd of terminals) {
    // What is in `first` covers it already.
    if (fd < first.length) continue;
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = nothing;
  }
  return stdio;
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
    const descriptors = [pair.slave, pair.slave, pair.slave, ...(launch.descriptors ?? [])];
    const channels = launch.hasChannel === true ? (['pipe'] as const) : [];
    const child = spawn(file, args, {
      cwd: launch.folder,
      env: { ...launch.environment, PWD: launch.folder },
      detached: true,
      stdio: stdioWithoutTerminals([...descriptors, ...channels], nothing),
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
    const last = FIRST_DESCRIPTOR + (launch.descriptors?.length ?? 0);
    const channel = channels.length === 0 ? null : child.stdio[last];
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
