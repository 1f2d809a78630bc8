import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { inheritable, openTerminals, stdioWithoutTerminals } from '../../processes/child-descriptors.ts';
import type { ExitStatus } from '../backend.ts';
import { FIRST_DESCRIPTOR, type Launch, preludeCommand } from './launch.ts';
import { loadNativePty } from './native-pty.ts';
import type { Terminal, TerminalListener } from './terminal.ts';
import { UnixTerminal } from './unix-terminal.ts';

/** A terminal on Linux. */
export interface LinuxTerminal extends Terminal {
  /** The other end of the command's socket; null when it was not asked for. The caller's to destroy. */
  readonly channel: Duplex | null;
}

/**
 * Starts a shell on a new pseudoterminal on Linux: the pair comes from node-pty's native part, the process from Node
 * itself, which starts it without copying the app's memory map and reports the signal that ended it.
 *
 * @throws when the system refuses (no more terminals, processes or descriptors).
 */
export async function openLinuxTerminal(launch: Launch, listener: TerminalListener): Promise<LinuxTerminal> {
  const native = loadNativePty();
  const nothing = openSync('/dev/null', 'r+');
  const pair = native.open(launch.cols, launch.rows);
  openTerminals.add(pair.master).add(pair.slave);
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
      onClosed: () => openTerminals.delete(pair.master),
    });
    const channel = child.stdio[FIRST_DESCRIPTOR];
    return Object.assign(terminal, { channel: channel instanceof Duplex ? channel : null });
  } catch (error) {
    openTerminals.delete(pair.master);
    closeSync(pair.master);
    throw error;
  } finally {
    openTerminals.delete(pair.slave);
    closeSync(pair.slave);
    closeSync(nothing);
  }
}
