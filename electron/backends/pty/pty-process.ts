import { basename } from 'node:path';
import { messageOf } from '../../../shared/error-message.ts';
import type { Isolation, Survivor } from '../../../shared/session.ts';
import type { Logger } from '../../base/logger.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import { backgroundPrograms } from '../../processes/background-programs.ts';
import { closeTree } from '../../processes/close-ladder.ts';
import { ProcessHold } from '../../processes/process-freeze.ts';
import type { ProcessIdentity, ProcessTable } from '../../processes/process-table.ts';
import { ProcessTree, type Sandbox } from '../../processes/process-tree.ts';
import type { SessionCgroups } from '../../processes/session-cgroups.ts';
import type { ForegroundUsage } from '../../processes/usage.ts';
import { closeWindowsTree } from '../../processes/windows-ladder.ts';
import type { BackendProcess, CredentialValue, ExitStatus, Foreground, TerminationReport } from '../backend.ts';
import type { CredentialFolder } from '../credential-folders.ts';
import type { Terminal } from './terminal.ts';

/** How long the end of a killed shell's output is waited for, in milliseconds. */
const LAST_OUTPUT_MS = 1000;
/** What a sandbox's keeper exits with when SIGKILL ended the shell. */
const EXIT_OF_KILLED = 128 + 9;

/** What a running shell is made of. */
export interface PtyProcessParts {
  readonly terminal: Terminal;
  readonly command: string;
  readonly args: readonly string[];
  readonly sessionId: string;
  readonly table: ProcessTable;
  /** The shell, or the sandbox around it. */
  readonly shell: ProcessIdentity | null;
  /** Where its processes are found as well; removed with it. */
  readonly cgroups: SessionCgroups;
  /** Files of its secrets; null where it has none. */
  readonly credentials: CredentialFolder | null;
  readonly log: Logger;
  readonly now: () => number;
  /** Notifies the session's listener of its end: once, last. */
  notifyEnd(status: ExitStatus): void;
}

/** What is known of the sandbox that a shell runs in. */
export interface SandboxFacts {
  readonly processes: Sandbox;
  readonly isolation: Isolation;
  /** The session's memory limit as text, “512 MB”; null without one. */
  readonly memoryLimit: string | null;
}

/** A shell on a local pseudoterminal, with all that it has started. */
export class PtyProcess implements BackendProcess {
  readonly container = null;
  readonly #parts: PtyProcessParts;
  readonly #tree: ProcessTree;
  readonly #hold: ProcessHold;
  readonly #ended = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #sandbox: SandboxFacts | null = null;
  #hasExited = false;
  #wasKilled = false;
  #ranOutOfMemory = false;
  #cpuMs = 0;
  #termination: Promise<TerminationReport> | null = null;

  constructor(parts: PtyProcessParts) {
    this.#parts = parts;
    const { table, shell, sessionId, cgroups } = parts;
    const contained = (): number[] => cgroups.members();
    const sandbox = (): Sandbox | null => this.#sandbox?.processes ?? null;
    this.#tree = new ProcessTree({ table, shell, sessionId, contained, sandbox });
    this.#hold = new ProcessHold(this.#tree, cgroups);
    parts.terminal.exited.then(
      () => this.#noteExit(),
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

  get isolation(): Isolation {
    return this.#sandbox?.isolation ?? [];
  }

  get containment(): 'cgroup' | 'tree' | 'namespace' {
    if (!this.#parts.cgroups.isEmpty) return 'cgroup';
    return this.#sandbox === null ? 'tree' : 'namespace';
  }

  /** Resolves when the close ladder is done. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Resolves when it has ended and all its output has been delivered. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The shell was found to run in a sandbox. */
  inSandbox(facts: SandboxFacts): void {
    this.#sandbox = facts;
  }

  write(bytes: Uint8Array): number {
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
    const groups = await table.foregroundGroup(this.#sandbox?.processes.shell.pid ?? this.pid);
    if (groups === null || groups.front === groups.own) return shell;
    const leader = await table.find(groups.front);
    return { isShell: false, command: leader?.command ?? null };
  }

  async background(): Promise<readonly string[]> {
    if (this.#hasExited) return [];
    const { table, sessionId, log } = this.#parts;
    try {
      return await backgroundPrograms({
        members: await this.#tree.allMembers(),
        shell: this.#sandbox?.processes.shell.pid ?? this.pid,
        isOwn: (entry) => this.#tree.isShell(entry) || this.#tree.isAround(entry),
        table,
      });
    } catch (error) {
      log.warn({ sessionId, err: error }, 'The processes of a session could not be listed');
      return [];
    }
  }

  async foregroundUsage(): Promise<ForegroundUsage | null> {
    if (this.#hasExited) return null;
    return this.#parts.table.foregroundUsage(this.#sandbox?.processes.shell.pid ?? this.pid);
  }

  async cpuTimeMs(): Promise<number | null> {
    const used = this.#parts.cgroups.cpuMs() ?? (await this.#tree.cpuMs().catch(() => null));
    if (used === null) return null;
    // What a process used that ended away from its parent is not seen any more: never count backwards.
    this.#cpuMs = Math.max(this.#cpuMs, used);
    return this.#cpuMs;
  }

  async freeze(): Promise<string | null> {
    if (process.platform === 'win32') return 'Programs cannot be frozen on Windows.';
    return this.#try(() => this.#hold.freeze());
  }

  async thaw(): Promise<string | null> {
    return this.#try(() => this.#hold.thaw());
  }

  async updateCredentials(values: readonly CredentialValue[]): Promise<string | null> {
    const { credentials } = this.#parts;
    if (credentials === null || this.#termination !== null) return 'The session has ended.';
    try {
      credentials.write(values);
      return null;
    } catch (error) {
      return `The file could not be written: ${messageOf(error)}`;
    }
  }

  async settle(timeoutMs: number): Promise<void> {
    if (this.#termination !== null) return;
    if (!this.#hasExited && process.platform !== 'win32') await this.#stop();
    await this.#parts.terminal.drain(timeoutMs);
  }

  terminate(graceMs: number): Promise<TerminationReport> {
    this.#wasKilled ||= !this.#hasExited;
    this.#termination ??= this.#terminate(graceMs).then((survivors) => ({ survivors }));
    return this.#termination;
  }

  /** At once, and before its cgroups are removed: they go with their last process, and what they have counted too. */
  #noteExit(): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#ranOutOfMemory = !this.#wasKilled && this.#parts.cgroups.oomKills() > 0;
  }

  /** Reports the end: the terminal has delivered everything. */
  notifyEnd(status: ExitStatus): void {
    this.#noteExit();
    // Most shells leave nothing behind; where one does, `terminate` removes the cgroups.
    this.#parts.cgroups.remove();
    try {
      this.#parts.notifyEnd(this.#ranOutOfMemory ? this.#explain(status) : status);
    } finally {
      this.#ended.resolve();
    }
  }

  /** SIGKILL without waiting: to the cgroup, and to the process group of a shell that has not exited. */
  killNow(): void {
    this.#wasKilled ||= !this.#hasExited;
    this.#parts.cgroups.kill();
    if (this.#hasExited) return;
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  /** The kernel has killed one of the session's processes for want of memory; this says whether it was the shell. */
  #explain(status: ExitStatus): ExitStatus {
    const isKilled = status.signal === 'SIGKILL' || (this.#sandbox !== null && status.exitCode === EXIT_OF_KILLED);
    if (!isKilled) return status;
    const limit = this.#sandbox?.memoryLimit ?? null;
    const used = limit === null ? 'no memory was left' : `the session had used up its ${limit} of memory`;
    return { ...status, cause: 'out_of_memory', detail: `The kernel ended the shell because ${used}.` };
  }

  async #try(action: () => Promise<void>): Promise<string | null> {
    if (this.#hasExited) return 'The shell has ended.';
    try {
      await action();
      return null;
    } catch (error) {
      return `The session’s processes could not be reached: ${messageOf(error)}`;
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
    const { terminal, sessionId, log, now, cgroups } = this.#parts;
    let survivors: readonly Survivor[] = [];
    try {
      survivors =
        process.platform === 'win32'
          ? await closeWindowsTree(this.#tree, terminal, graceMs)
          : await closeTree(
              {
                tree: this.#tree,
                cgroup: cgroups.isEmpty ? null : cgroups,
                shellExited: terminal.exited,
                now,
                release: () => this.#hold.release(),
              },
              graceMs,
            );
    } catch (error) {
      log.error({ sessionId, err: error }, 'The processes of a session could not be listed; only its shell was ended');
      this.killNow();
    }
    if (survivors.length > 0) log.warn({ sessionId, survivors }, 'Processes of a session could not be ended');
    // Nothing writes any more, so what is left is little: it is delivered even if the reader had paused.
    terminal.finish();
    await withDeadline(this.#ended.promise, LAST_OUTPUT_MS, undefined);
    terminal.abandon();
    await this.#ended.promise;
    this.#gone.resolve();
    return survivors;
  }
}
