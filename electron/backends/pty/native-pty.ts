import { createRequire } from 'node:module';

/** An open pair of descriptors: `master` is ours, `slave` is the shell's side. */
interface PtyPair {
  readonly master: number;
  readonly slave: number;
  /** The slave's path, `/dev/pts/3`; empty where the system did not say. */
  readonly pty: string;
}

/** A shell forked on a pseudoterminal. */
interface Forked {
  readonly fd: number;
  readonly pid: number;
}

/** node-pty's native part on Unix (node-pty 1.1, `src/unix/pty.cc`). Every function throws with the system's message. */
export interface NativePty {
  open(cols: number, rows: number): PtyPair;
  resize(fd: number, cols: number, rows: number): void;
  fork(
    file: string,
    args: readonly string[],
    environment: readonly string[],
    folder: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helper: string,
    onExit: (exitCode: number, signal: number) => void,
  ): Forked;
}

/** node-pty's stream on Windows, as far as it is used here. */
interface ConPty {
  readonly pid: number;
  write(data: Buffer): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
  kill(): void;
  onData(listener: (data: Uint8Array | string) => void): { dispose(): void };
  onExit(listener: (end: { exitCode: number }) => void): { dispose(): void };
}

interface ConPtyModule {
  spawn(
    file: string,
    args: readonly string[],
    options: { cols: number; rows: number; cwd: string; env: Record<string, string>; encoding: null },
  ): ConPty;
}

const require = createRequire(import.meta.url);

/**
 * Loads node-pty's native part for this platform. Only when it is first needed, so that a missing binary is a failed
 * start with a message and not an app that does not open.
 *
 * @throws when there is no binary for this platform.
 */
export function loadNativePty(): NativePty {
  const loader: { requireBinary(file: string): NativePty } = require('node-pty/requireBinary.js');
  return loader.requireBinary('pty.node');
}

/** macOS: the program through which node-pty starts a shell. It lies beside the native part, outside the app's archive. */
export function spawnHelper(): string {
  return require
    .resolve(`@lydell/node-pty-${process.platform}-${process.arch}/spawn-helper`)
    .replace('app.asar', 'app.asar.unpacked')
    .replace('app.asar.unpacked.unpacked', 'app.asar.unpacked');
}

/** Loads node-pty for Windows. @throws when there is no binary for this platform. */
export function loadConPty(): ConPtyModule {
  const module: ConPtyModule = require('node-pty');
  return module;
}
