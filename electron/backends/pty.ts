import { setTimeout as delay } from 'node:timers/promises';
import type { StartFailure } from '../../shared/session.ts';
import type { Backend, BackendListener, ExitStatus, StartResult, StartSpec } from './backend.ts';
import { Cgroup, type CgroupSupport, probeCgroups, scopeCommand, scopeFolder } from './cgroup.ts';
import { shellEnvironment } from './environment.ts';
import type { Launch } from './launch.ts';
import { findNow, linuxProcesses } from './linux-processes.ts';
import { openLinuxTerminal } from './linux-terminal.ts';
import { cimProcesses, psProcesses } from './other-processes.ts';
import type { ProcessTable } from './process-table.ts';
import { PtyProcess } from './pty-process.ts';
import { shareTable } from './shared-table.ts';
import { checkFolder, checkShell } from './shell.ts';
import type { Terminal, TerminalListener } from './terminal.ts';
import { noTracker, type ProcessTracker } from './tracker.ts';
import { forkUnixTerminal } from './unix-terminal.ts';
import { openWindowsTerminal } from './windows-terminal.ts';

/** How long a scope may take to come into being, in milliseconds, and how often it is looked for. */
const SCOPE_TIMEOUT_MS = 2000;
const SCOPE_LOOK_MS = 5;

/** Where the backend tells what went wrong; pino's loggers fit. */
export interface BackendLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** What the local shells' backend takes from outside. */
export interface PtyBackendOptions {
  readonly log: BackendLog;
  /** What shells inherit, before the app's own variables are taken out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Linux: make sessions' cgroups below this folder instead of below the app's own cgroup; `none`: make none. */
  readonly cgroupParent?: string | { readonly none: true };
  /** Linux: the program that makes scopes where cgroups cannot be made directly. */
  readonly systemdRun?: string;
  /** Is told of each session's processes, from before they are started until they have been ended. */
  readonly tracker?: ProcessTracker;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
}

/** Runs shells on pseudoterminals of this machine, without isolation. */
export function createPtyBackend(options: PtyBackendOptions): Backend {
  const { log, tracker = noTracker } = options;
  const now = options.now ?? (() => performance.now());
  const running = new Set<PtyProcess>();
  const table = shareTable(processTable());
  let probing: Promise<CgroupSupport | null> | null = null;

  const support = (): Promise<CgroupSupport | null> => {
    const parent = options.cgroupParent;
    if (typeof parent === 'object') return Promise.resolve(null);
    probing ??= probeCgroups(parent, options.systemdRun).then(
      (found) => {
        log.info({ cgroups: found }, found === null ? 'Sessions get no cgroup here' : 'Sessions get their own cgroups');
        return found;
      },
      (error: unknown) => {
        log.warn({ err: error }, 'Whether sessions can have cgroups could not be found out; they get none');
        return null;
      },
    );
    return probing;
  };

  // Known before the first session asks, so that it does not wait for the answer.
  void support();

  const start = async (spec: StartSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> => {
    const aborted = fail('aborted', 'The start was cancelled', 'Open a new session.');
    const shell = await checkShell(spec.shell, process.platform, options.environment);
    if (!shell.ok) return shell;
    const folder = await checkFolder(spec.folder);
    if (!folder.ok) return folder;
    const cgroups = await support();
    if (signal.aborted) return aborted;

    const cgroup = createCgroup(cgroups, spec.sessionId, log);
    const command: [string, ...string[]] = [shell.path, ...spec.args];
    const [file, ...args] =
      cgroups?.kind === 'scope' ? scopeCommand(cgroups.systemdRun, spec.sessionId, command) : command;
    const environment = shellEnvironment(options.environment, spec.environment, spec.sessionId);
    const launch = { file, args, folder: folder.path, environment, cgroup: cgroup?.folder ?? null, ...sizeOf(spec) };

    // Who cancelled a start is not told what became of the shell.
    let isStarted = false;
    const gated: BackendListener = {
      onData: (bytes) => {
        if (isStarted || !signal.aborted) listener.onData(bytes);
      },
      onExit: (status) => {
        if (isStarted || !signal.aborted) listener.onExit(status);
      },
    };
    let session: PtyProcess | null = null;
    const forward = { onData: gated.onData, onEnd: (status: ExitStatus) => session?.tellEnd(status) };
    tracker.session(spec.sessionId, { shell: null, cgroups: foldersOf(cgroup) });
    let terminal: Terminal;
    try {
      terminal = await openTerminal(launch, forward);
    } catch (error) {
      cgroup?.remove();
      tracker.ended(spec.sessionId);
      log.warn({ sessionId: spec.sessionId, err: error }, 'The system did not start the shell');
      const detail = error instanceof Error ? error.message : String(error);
      const hint = 'Close some sessions or programs and try again.';
      return fail('spawn', `The system did not start the shell: ${detail}`, hint);
    }
    // The pid cannot be anyone else's yet: it is free only after its exit was handled, later in the event loop.
    const identity = process.platform === 'linux' ? findNow(terminal.pid) : await table.find(terminal.pid);
    // Nothing is awaited between the start and this line, so no event of the terminal was missed.
    session = new PtyProcess({
      terminal,
      command: shell.path,
      args: spec.args,
      sessionId: spec.sessionId,
      table,
      shell: identity,
      listener: gated,
      log,
      now,
    });
    const started = session;
    running.add(started);
    void started.gone.then(() => {
      running.delete(started);
      tracker.ended(spec.sessionId);
    });
    tracker.session(spec.sessionId, { shell: identity, cgroups: foldersOf(cgroup) });

    if (cgroup !== null) {
      started.contain(cgroup);
      if (!(await cgroup.holds(terminal.pid))) {
        log.warn({ sessionId: spec.sessionId }, 'The shell could not be put into its cgroup');
        cgroup.remove();
        started.contain(null);
        tracker.session(spec.sessionId, { shell: identity, cgroups: [] });
      }
    } else if (cgroups?.kind === 'scope') {
      const scope = await waitForScope(terminal, spec.sessionId, now);
      if (scope !== null) {
        started.contain(scope);
        tracker.session(spec.sessionId, { shell: identity, cgroups: foldersOf(scope) });
      }
    }
    if (signal.aborted) {
      await started.terminate(0);
      return aborted;
    }
    isStarted = true;
    return { ok: true, process: started };
  };

  return {
    kind: 'pty',
    status: { kind: 'pty', state: 'available', message: 'Shells of this machine, not isolated', found: [] },
    onStatus: () => () => {},
    check: () => Promise.resolve(),
    start,
    killAllNow() {
      for (const session of running) session.killNow();
    },
  };
}

function foldersOf(cgroup: Cgroup | null): string[] {
  return cgroup === null ? [] : [cgroup.folder];
}

function fail(stage: StartFailure['stage'], message: string, hint: string): { ok: false; failure: StartFailure } {
  return { ok: false, failure: { stage, message, hint } };
}

/** The system's own limits: a size of zero or above an unsigned short is refused by it. */
function sizeOf(spec: StartSpec): { cols: number; rows: number } {
  return { cols: Math.min(Math.max(spec.cols, 1), 65_535), rows: Math.min(Math.max(spec.rows, 1), 65_535) };
}

function createCgroup(support: CgroupSupport | null, sessionId: string, log: BackendLog): Cgroup | null {
  if (support?.kind !== 'folder') return null;
  try {
    return Cgroup.create(support.parent, sessionId);
  } catch (error) {
    log.warn({ sessionId, err: error }, 'The session gets no cgroup');
    return null;
  }
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
    await delay(SCOPE_LOOK_MS);
  }
  return null;
}

async function openTerminal(launch: Launch, listener: TerminalListener): Promise<Terminal> {
  switch (process.platform) {
    case 'linux':
      return openLinuxTerminal(launch, listener);
    case 'win32':
      return openWindowsTerminal(launch, listener);
    default:
      return forkUnixTerminal(launch, listener);
  }
}

function processTable(): ProcessTable {
  switch (process.platform) {
    case 'linux':
      return linuxProcesses;
    case 'win32':
      return cimProcesses;
    default:
      return psProcesses;
  }
}
