import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { parse } from 'node:path';
import { messageOf } from '../../shared/error-message.ts';
import type { Problem } from '../../shared/settings.ts';
import { stdioWithoutTerminals } from '../processes/child-descriptors.ts';
import type {
  ContainerTracker,
  EngineAddress,
  OwnerLabels,
  ProcessTracker,
  Survival,
  TrackedSession,
} from '../processes/tracker.ts';
import type { ReaperCommand } from './command.ts';
import { encodeMessage, type ReaperMessage } from './messages.ts';
import { TrackedSessions } from './tracked-sessions.ts';

/** A reaper that ends is started again at most this often, in milliseconds. */
const RESPAWN_MS = 60_000;
/** How long a helper stays without anything to track, in milliseconds. */
const IDLE_MS = 60_000;
/** How long `close` waits for the reaper to go, in milliseconds. */
const CLOSE_MS = 1000;
/** What programs cannot be started without, and where they put temporary files. */
const NEEDED_VARIABLES = ['PATH', 'SystemRoot', 'SystemDrive', 'TEMP', 'TMP', 'TMPDIR', 'USERPROFILE', 'LOCALAPPDATA'];

/** Logs what becomes of the helper; pino's loggers fit. */
interface ReaperLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface ReaperOptions {
  readonly log: ReaperLog;
  readonly command: ReaperCommand;
  /** Called when crash cleanup is unavailable, once until it is available again. */
  onProblem(problem: Problem): void;
  /** Folders below which sessions may have private files; the system's for temporary files when not given. */
  readonly roots?: readonly string[];
  /** How often it may be started again, and how long it stays without work, in milliseconds; others for tests. */
  readonly respawnMs?: number;
  readonly idleMs?: number;
}

/** Tracks sessions and containers: what is left of them when this process dies is removed by another one. */
export interface Reaper extends ProcessTracker, ContainerTracker {
  /** The helper's process; null while there is none. */
  readonly pid: number | null;
  /** Lets the helper go: it removes what is still known, and ends. Resolves when it is gone, or after a second. Idempotent. */
  close(): Promise<void>;
}

/** Nothing runs until there is something to track. */
export function createReaper(options: ReaperOptions): Reaper {
  return new ReaperClient(options);
}

class ReaperClient implements Reaper {
  readonly #options: ReaperOptions;
  readonly #respawnMs: number;
  readonly #idleMs: number;
  readonly #tracked = new TrackedSessions();
  #child: ChildProcess | null = null;
  /** It was lost, and none has been started since. */
  #wasLost = false;
  #respawnedAt = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #idleTimer: NodeJS.Timeout | null = null;
  #hasProblem = false;
  #closing: Promise<void> | null = null;

  constructor(options: ReaperOptions) {
    this.#options = options;
    this.#respawnMs = options.respawnMs ?? RESPAWN_MS;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    const roots = [...(options.roots ?? [tmpdir()])];
    this.#tracked.apply({ kind: 'app', pid: process.pid, roots });
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  session(id: string, { shell, cgroups }: TrackedSession): void {
    this.#notify({ kind: 'session', id, shell: shell === null ? null : identity(shell), cgroups: [...cgroups] });
  }

  folder(session: string, path: string): void {
    this.#notify({ kind: 'folder', session, path });
  }

  ended(session: string): void {
    if (this.#tracked.sessions.has(session)) this.#notify({ kind: 'ended', session });
  }

  engine(address: EngineAddress, { host, pid, start }: OwnerLabels): void {
    this.#notify({ kind: 'engine', address, owner: { host, pid: String(pid), start: String(start) } });
  }

  created(id: string, address: EngineAddress, survival: Survival | null = null): void {
    this.#notify({ kind: 'created', id, address, ...(survival === null ? {} : { survival }) });
  }

  removed(id: string): void {
    if (this.#tracked.containers.has(id)) this.#notify({ kind: 'removed', id });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #notify(message: ReaperMessage): void {
    if (this.#closing !== null) return;
    this.#tracked.apply(message);
    if (this.#child !== null) this.#send(this.#child, [message]);
    // A new one gets all that is tracked, this message included.
    else if (!this.#tracked.isEmpty || message.kind === 'engine') this.#start();
    this.#awaitIdleness();
  }

  /** Lets the helper go when there has been nothing to track for a while. The next session starts another one. */
  #awaitIdleness(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    if (!this.#tracked.isEmpty) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null;
      const child = this.#child;
      this.#child = null;
      if (child !== null) this.#dismiss(child);
    }, this.#idleMs).unref();
  }

  #dismiss(child: ChildProcess): void {
    child.stdin?.end(encodeMessage({ kind: 'done' }));
  }

  #send(child: ChildProcess, messages: Iterable<ReaperMessage>): void {
    // In one piece, which the system takes at once: it arrives even if this process dies in the next moment.
    child.stdin?.write([...messages].map(encodeMessage).join(''));
  }

  #start(): void {
    if (this.#child !== null || this.#timer !== null || this.#closing !== null) return;
    const waitMs = this.#notBefore - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        if (!this.#tracked.isEmpty) this.#start();
      }, waitMs).unref();
      return;
    }
    if (this.#wasLost) this.#respawnedAt = performance.now();
    this.#wasLost = false;
    let child: ChildProcess;
    try {
      child = spawnReaper(this.#options.command);
    } catch (error) {
      this.#lost(null, messageOf(error));
      return;
    }
    this.#child = child;
    child.once('error', (error) => this.#lost(child, error.message));
    child.once('exit', (code, signal) => this.#lost(child, signal ?? `exit code ${code}`));
    child.stdin?.on('error', () => {
      // It is gone, which its exit reports.
    });
    // Neither keeps the app alive.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    this.#send(child, this.#tracked.messages());
    this.#options.log.info({ reaper: child.pid }, 'The reaper was started');
  }

  /** It ended, or was not started. */
  #lost(child: ChildProcess | null, why: string): void {
    if (child !== this.#child || this.#closing !== null) return;
    this.#child = null;
    const { log, onProblem } = this.#options;
    log.warn({ reaper: child?.pid, why }, 'The reaper ended before the app');
    this.#wasLost = true;
    const now = performance.now();
    const isUnable = child?.pid === undefined;
    const isOften = now < this.#respawnedAt + this.#respawnMs;
    // The first time it is started again at once: it may have been ended by mistake.
    this.#notBefore = isUnable ? now + this.#respawnMs : this.#respawnedAt + this.#respawnMs;
    if ((isUnable || isOften) && !this.#hasProblem) onProblem(problem(why));
    this.#hasProblem = isUnable || isOften;
    if (!this.#tracked.isEmpty) this.#start();
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
    const timer = setTimeout(resolve, CLOSE_MS);
    this.#dismiss(child);
    await promise;
    clearTimeout(timer);
  }
}

function identity({ pid, startedAt }: { pid: number; startedAt: number }): { pid: number; startedAt: number } {
  return { pid, startedAt };
}

function problem(why: string): Problem {
  return {
    id: 'reaper',
    severity: 'warning',
    title: 'Crash cleanup is unavailable',
    message: `The helper process that ends sessions after a crash is not running (${why}). Sessions keep running, but if Sandglass crashes, their programs stay behind. Restart Sandglass when you can.`,
  };
}

function spawnReaper({ file, args, environment }: ReaperCommand): ChildProcess {
  const env: Record<string, string> = { ...environment };
  for (const name of NEEDED_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const nothing = openSync(devNull, 'r+');
  try {
    return spawn(file, args, {
      // Not the app's folder, which may be removed or unmounted.
      cwd: parse(process.execPath).root,
      env,
      // A process session of its own: signals to the app's group, and the end of its terminal, do not reach it.
      detached: true,
      stdio: stdioWithoutTerminals<'pipe' | 'ignore'>(['pipe', 'ignore', 'ignore'], nothing),
      windowsHide: true,
    });
  } finally {
    closeSync(nothing);
  }
}
