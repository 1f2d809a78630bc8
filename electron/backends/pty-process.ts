import { basename } from 'node:path';
import type { Isolation, Survivor } from '../../shared/session.ts';
import type { BackendListener, BackendProcess, ExitStatus, Foreground, TerminationReport } from './backend.ts';
import type { Cgroup } from './cgroup.ts';
import { closeTree, pauseFor } from './close-ladder.ts';
import type { ProcessIdentity, ProcessTable } from './process-table.ts';
import { ProcessTree } from './process-tree.ts';
import type { BackendLog } from './pty.ts';
import type { Terminal } from './terminal.ts';
import { closeWindowsTree } from './windows-ladder.ts';

/** How long the end of a killed shell's output is waited for, in milliseconds. */
const LAST_OUTPUT_MS = 1000;

/** What a running shell is made of. */
export interface PtyProcessParts {
  readonly terminal: Terminal;
  readonly command: string;
  readonly args: readonly string[];
  readonly sessionId: string;
  readonly table: ProcessTable;
  readonly shell: ProcessIdentity | null;
  readonly listener: BackendListener;
  readonly log: BackendLog;
  readonly now: () => number;
}

/** A shell on a local pseudoterminal, with all that it has started. */
export class PtyProcess implements BackendProcess {
  readonly isolation: Isolation = [];
  readonly container = null;
  readonly #parts: PtyProcessParts;
  readonly #tree: ProcessTree;
  readonly #ended = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #cgroup: Cgroup | null = null;
  #hasExited = false;
  #cpuMs = 0;
  #termination: Promise<TerminationReport> | null = null;

  constructor(parts: PtyProcessParts) {
    this.#parts = parts;
    const { table, shell, sessionId } = parts;
    this.#tree = new ProcessTree({ table, shell, sessionId, contained: () => this.#cgroup?.members() ?? [] });
    parts.terminal.exited.then(
      () => {
        this.#hasExited = true;
      },
      (error: unknown) => parts.log.error({ sessionId, err: error }, 'The exit of the shell could not be handled'),
    );
  }

  get pid(): number {
    return this.#parts.terminal.pid;
  }

  get command(): string {
    return this.#parts.command;
  }

  get args(): readonly string[] {
    return this.#parts.args;
  }

  get containment(): 'cgroup' | 'tree' {
    return this.#cgroup === null ? 'tree' : 'cgroup';
  }

  /** Resolves when the close ladder is done. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** From now on the tree is found by this cgroup as well, which is removed with it; null: by none. */
  contain(cgroup: Cgroup | null): void {
    this.#cgroup = cgroup;
  }

  write(bytes: Uint8Array): boolean {
    return this.#parts.terminal.write(bytes);
  }

  resize(cols: number, rows: number): void {
    try {
      this.#parts.terminal.resize(cols, rows);
    } catch (error) {
      // The shell ended at this moment, or the size is one that the system refuses: it keeps the one it has.
      this.#parts.log.debug({ sessionId: this.#parts.sessionId, err: error }, 'The terminal was not resized');
    }
  }

  pause(): void {
    this.#parts.terminal.pause();
  }

  resume(): void {
    this.#parts.terminal.resume();
  }

  async foreground(): Promise<Foreground> {
    const { table, command } = this.#parts;
    const shell = { isShell: true, command: basename(command) };
    if (this.#hasExited) return shell;
    const groups = await table.foregroundGroup(this.pid);
    if (groups === null || groups.front === groups.own) return shell;
    const leader = await table.find(groups.front);
    return { isShell: false, command: leader?.command ?? null };
  }

  async cpuTimeMs(): Promise<number | null> {
    const used = this.#cgroup?.cpuMs() ?? (await this.#tree.cpuMs().catch(() => null));
    if (used === null) return null;
    // What a process used that ended away from its parent is not seen any more: never count backwards.
    this.#cpuMs = Math.max(this.#cpuMs, used);
    return this.#cpuMs;
  }

  async freeze(): Promise<string | null> {
    if (process.platform === 'win32') return 'A local shell cannot be frozen on Windows.';
    return this.#signalAll('SIGSTOP');
  }

  async thaw(): Promise<string | null> {
    return this.#signalAll('SIGCONT');
  }

  async settle(timeoutMs: number): Promise<void> {
    if (this.#termination !== null) return;
    if (!this.#hasExited && process.platform !== 'win32') await this.#stop();
    await this.#parts.terminal.drain(timeoutMs);
  }

  terminate(graceMs: number): Promise<TerminationReport> {
    this.#termination ??= this.#terminate(graceMs).then((survivors) => ({ survivors }));
    return this.#termination;
  }

  /** Tells the end: the terminal has delivered everything. */
  tellEnd(status: ExitStatus): void {
    // Most shells leave nothing behind; where one does, `terminate` removes the cgroup.
    this.#cgroup?.remove();
    try {
      this.#parts.listener.onExit(status);
    } finally {
      this.#ended.resolve();
    }
  }

  /** SIGKILL without waiting: to the cgroup, and to the process group of a shell that has not exited. */
  killNow(): void {
    this.#cgroup?.kill();
    if (this.#hasExited) return;
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  async #signalAll(signal: NodeJS.Signals): Promise<string | null> {
    try {
      await this.#tree.signal(await this.#tree.members(), [signal]);
      return null;
    } catch (error) {
      return `The session's processes could not be reached: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #stop(): Promise<void> {
    try {
      await this.#tree.signal(await this.#tree.members(), ['SIGSTOP']);
    } catch (error) {
      this.#parts.log.warn(
        { sessionId: this.#parts.sessionId, err: error },
        'A session could not be stopped to settle',
      );
    }
  }

  async #terminate(graceMs: number): Promise<readonly Survivor[]> {
    const { terminal, sessionId, log, now } = this.#parts;
    let survivors: readonly Survivor[] = [];
    try {
      survivors =
        process.platform === 'win32'
          ? await closeWindowsTree(this.#tree, terminal, graceMs)
          : await closeTree({ tree: this.#tree, cgroup: this.#cgroup, shellExited: terminal.exited, now }, graceMs);
    } catch (error) {
      log.error({ sessionId, err: error }, 'The processes of a session could not be listed; only its shell was ended');
      this.killNow();
    }
    if (survivors.length > 0) log.warn({ sessionId, survivors }, 'Processes of a session could not be ended');
    // Nothing writes any more, so what is left is little: it is delivered even if the reader had paused.
    terminal.finish();
    await pauseFor(LAST_OUTPUT_MS, this.#ended.promise);
    terminal.abandon();
    await this.#ended.promise;
    this.#gone.resolve();
    return survivors;
  }
}
