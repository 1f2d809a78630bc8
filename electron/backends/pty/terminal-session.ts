import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../shared/error-message.ts';
import type { StartFailure } from '../../../shared/session.ts';
import type { Logger } from '../../base/logger.ts';
import { Cgroup } from '../../processes/cgroup.ts';
import { type CgroupSupport, scopeCommand, scopeFolder } from '../../processes/cgroup-support.ts';
import { findNow, linuxProcesses } from '../../processes/linux-processes.ts';
import { cimProcesses, psProcesses } from '../../processes/other-processes.ts';
import type { ProcessTable } from '../../processes/process-table.ts';
import { SessionCgroups } from '../../processes/session-cgroups.ts';
import { shareTable } from '../../processes/shared-table.ts';
import { noTracker, type ProcessTracker } from '../../processes/tracker.ts';
import type { BackendListener, StartSpec } from '../backend.ts';
import type { CredentialFolder } from '../credential-folders.ts';
import { StartBarrier } from '../start-barrier.ts';
import type { Launch } from './launch.ts';
import { openLinuxTerminal } from './linux-terminal.ts';
import { PtyProcess } from './pty-process.ts';
import type { Terminal, TerminalListener } from './terminal.ts';
import { terminalSize } from './terminal-size.ts';
import { forkUnixTerminal } from './unix-terminal.ts';
import { openWindowsTerminal } from './windows-terminal.ts';

/** How long a scope may take to come into being, in milliseconds, and how often it is polled. */
const SCOPE_TIMEOUT_MS = 2000;
const SCOPE_POLL_MS = 5;

/** What the sessions of one backend share. */
export interface TerminalSessionsOptions {
  readonly log: Logger;
  /** Gets each session's processes, from before they are started until they have been ended. */
  readonly tracker?: ProcessTracker | undefined;
  /** Monotonic time in milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** A start that has to be checked before the session may run. */
export interface StartCheck {
  readonly process: PtyProcess;
  /** To the command that was started; null where it was not asked for. */
  readonly channel: Duplex | null;
  readonly cgroups: SessionCgroups;
  /** False: the process could not be moved into its cgroups. What it has started meanwhile may be outside of them. */
  readonly isContained: Promise<boolean>;
  /** What was written to the terminal so far: complaints of what sets the session up. */
  earlyOutput(): string;
}

/** One command to run on a terminal of its own. */
export interface TerminalRequest {
  readonly spec: StartSpec;
  /** The shell's full path, for people. */
  readonly shell: string;
  readonly command: readonly [string, ...string[]];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files of the session's secrets, removed with it. */
  readonly credentials?: CredentialFolder | null;
  /** How the session gets a cgroup of its own. */
  readonly cgroups: CgroupSupport | null;
  /** Limits for a scope, as properties of systemd. */
  readonly scopeProperties?: readonly string[];
  /** Makes the session's cgroups; without it, one where they are folders. @throws when the system refuses. */
  makeCgroups?(): SessionCgroups;
  readonly launch?: Pick<
    Launch,
    'hasChannel' | 'descriptors' | 'setsUpTerminal' | 'keepsOthersOut' | 'ignoresInterrupts'
  >;
  /**
   * Checks what was started, makes sure that all of it is in the session's cgroups, and lets it run. Until then the listener
   * gets nothing; a failure ends the session, and the listener never gets anything.
   */
  check?(start: StartCheck): Promise<StartFailure | null>;
}

export type TerminalStart = { ok: true; process: PtyProcess } | { ok: false; failure: StartFailure };

/** Starts commands on terminals, each in cgroups of its own, and knows which are running. */
export class TerminalSessions {
  readonly #log: Logger;
  readonly #tracker: ProcessTracker;
  readonly #now: () => number;
  readonly #table: ProcessTable = shareTable(processTable());
  readonly #running = new Set<PtyProcess>();

  constructor({ log, tracker = noTracker, now = () => performance.now() }: TerminalSessionsOptions) {
    this.#log = log;
    this.#tracker = tracker;
    this.#now = now;
  }

  /** Starts it. When `signal` aborts first, whatever was started is ended and the stage is `aborted`. */
  async start(request: TerminalRequest, listener: BackendListener, signal: AbortSignal): Promise<TerminalStart> {
    const { spec } = request;
    const log = this.#log;
    const { sessionId } = spec;
    let cgroups: SessionCgroups;
    try {
      cgroups = this.#makeCgroups(request);
    } catch (error) {
      log.warn({ sessionId, err: error }, 'The session’s limits could not be set');
      const hint = 'Change the limits in the profile, or see the log for what the system refused.';
      return failed('sandbox', `The session’s limits could not be set: ${messageOf(error)}`, hint);
    }

    const barrier = new StartBarrier(listener, request.check === undefined ? 'until aborted' : 'until opened', signal);
    this.#tracker.session(sessionId, { shell: null, cgroups: cgroups.folders });
    let opened: { terminal: Terminal; channel: Duplex | null };
    try {
      opened = await openTerminal(launchOf(request, cgroups), barrier);
    } catch (error) {
      cgroups.remove();
      this.#tracker.ended(sessionId);
      log.warn({ sessionId, err: error }, 'The system did not start the shell');
      const hint = 'Close some sessions or programs and try again.';
      return failed('spawn', `The system did not start the shell: ${messageOf(error)}`, hint);
    }
    const { terminal, channel } = opened;
    // The pid cannot be anyone else's yet: it is free only after its exit was handled, later in the event loop.
    const identity = process.platform === 'linux' ? findNow(terminal.pid) : await this.#table.find(terminal.pid);
    const started = new PtyProcess({
      terminal,
      command: request.shell,
      args: spec.args,
      sessionId,
      table: this.#table,
      shell: identity,
      cgroups,
      credentials: request.credentials ?? null,
      notifyEnd: (status) => barrier.notifyEnd(status),
      log,
      now: this.#now,
    });
    barrier.onEnded((status) => started.notifyEnd(status));
    this.#running.add(started);
    void started.gone.then(() => {
      this.#running.delete(started);
      request.credentials?.[Symbol.dispose]();
      this.#tracker.ended(sessionId);
    });
    this.#tracker.session(sessionId, { shell: identity, cgroups: cgroups.folders });
    const isContained = this.#contain(request, terminal, cgroups).then((isIn) => {
      // Its scope is known now, if it has one.
      this.#tracker.session(sessionId, { shell: identity, cgroups: cgroups.folders });
      return isIn;
    });
    if (request.check === undefined) await isContained;

    const earlyOutput = (): string => barrier.earlyOutput();
    const start = { process: started, channel, cgroups, isContained, earlyOutput };
    const failure = signal.aborted ? null : await request.check?.(start);
    await isContained;
    if (signal.aborted || (failure !== null && failure !== undefined)) {
      barrier.close();
      channel?.destroy();
      await started.terminate(0);
      if (failure !== null && failure !== undefined && !signal.aborted) return { ok: false, failure };
      return ABORTED;
    }
    barrier.open();
    return { ok: true, process: started };
  }

  /** SIGKILL to every session, without waiting. */
  killAllNow(): void {
    for (const session of this.#running) session.killNow();
  }

  #makeCgroups(request: TerminalRequest): SessionCgroups {
    const { sessionId } = request.spec;
    if (request.makeCgroups !== undefined) return request.makeCgroups();
    try {
      return SessionCgroups.create(request.cgroups, [], new Map(), sessionId);
    } catch (error) {
      this.#log.warn({ sessionId, err: error }, 'The session gets no cgroup');
      return new SessionCgroups(null);
    }
  }

  /** Makes sure that the shell is in its cgroups. */
  async #contain(request: TerminalRequest, terminal: Terminal, cgroups: SessionCgroups): Promise<boolean> {
    const { sessionId } = request.spec;
    let isIn = true;
    if (!cgroups.isEmpty) {
      // The check of the start decides what happens if it fails.
      isIn = request.check === undefined ? await cgroups.holds(terminal.pid) : await cgroups.enter([terminal.pid]);
      if (!isIn) this.#log.warn({ sessionId }, 'The shell could not be put into its cgroup');
    }
    if (request.cgroups?.kind !== 'scope') return isIn;
    const scope = await waitForScope(terminal, sessionId, this.#now);
    if (scope !== null) cgroups.hold(scope);
    return isIn;
  }
}

/** The result of a start that was cancelled. */
export const ABORTED = failed('aborted', 'The start was cancelled', 'Open a new session.');

/** An expected failure of a start. */
export function failed(
  stage: StartFailure['stage'],
  message: string,
  hint: string,
): { ok: false; failure: StartFailure } {
  return { ok: false, failure: { stage, message, hint } };
}

function launchOf(request: TerminalRequest, cgroups: SessionCgroups): Launch {
  const { spec, command, folder, environment } = request;
  const scope = request.cgroups?.kind === 'scope' ? request.cgroups.systemdRun : null;
  const [file, ...args] =
    scope === null ? command : scopeCommand(scope, spec.sessionId, request.scopeProperties ?? [], command);
  // Moving takes the kernel some milliseconds. What is checked before it runs is moved while it sets itself up.
  const entered = request.check === undefined ? cgroups.folders : [];
  return { file, args, folder, environment, cgroups: entered, ...terminalSize(spec), ...request.launch };
}

async function waitForScope(terminal: Terminal, sessionId: string, now: () => number): Promise<Cgroup | null> {
  const until = now() + SCOPE_TIMEOUT_MS;
  let exited = false;
  terminal.exited.then(
    () => {
      exited = true;
    },
    () => {},
  );
  while (!exited && now() < until) {
    const folder = await scopeFolder(terminal.pid, sessionId);
    if (folder !== null) return new Cgroup(folder);
    await delay(SCOPE_POLL_MS);
  }
  return null;
}

async function openTerminal(
  launch: Launch,
  listener: TerminalListener,
): Promise<{ terminal: Terminal; channel: Duplex | null }> {
  switch (process.platform) {
    case 'linux': {
      const terminal = await openLinuxTerminal(launch, listener);
      return { terminal, channel: terminal.channel };
    }
    case 'win32':
      return { terminal: openWindowsTerminal(launch, listener), channel: null };
    default:
      return { terminal: forkUnixTerminal(launch, listener), channel: null };
  }
}

/** This platform's table of processes. */
export function processTable(): ProcessTable {
  switch (process.platform) {
    case 'linux':
      return linuxProcesses;
    case 'win32':
      return cimProcesses;
    default:
      return psProcesses;
  }
}
