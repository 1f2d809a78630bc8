import { homedir, hostname, tmpdir } from 'node:os';
import type { EngineOffers } from '../../shared/backends.ts';
import type { LoginShell } from '../../shared/profile.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Backends } from '../backends/backend.ts';
import { createBubblewrapBackend } from '../backends/bubblewrap/bubblewrap.ts';
import { CredentialFolders } from '../backends/credential-folders.ts';
import { createDockerEngine } from '../backends/docker/client/docker-engine.ts';
import { systemSources } from '../backends/docker/client/endpoint-sources.ts';
import { createDockerBackend } from '../backends/docker/docker.ts';
import { findOwner } from '../backends/docker/fleet/orphans.ts';
import { createPtyBackend } from '../backends/pty/pty.ts';
import { processTable } from '../backends/pty/terminal-session.ts';
import type { SandboxFolderRules } from '../backends/sandbox-folder.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { trackRuns } from '../hooks/run/track-runs.ts';
import type { HookTracker } from '../journal/hook-service.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import type { ProcessTracker } from '../processes/tracker.ts';
import type { ReaperCommand } from '../reaper/command.ts';
import { createReaper } from '../reaper/reaper-client.ts';
import { installationId } from '../storage/installation.ts';
import type { Locations } from '../storage/locations.ts';

/** What this machine runs sessions with. */
export interface Machine {
  readonly backends: Backends;
  /** What the container engine has to offer to a profile; empty lists while it cannot be reached. */
  offers(): Promise<EngineOffers>;
  /** Which folders a sandbox may be shown here. */
  readonly folderRules: SandboxFolderRules;
  /** Watches over programs of hooks as over sessions: if the app dies, they go with it. */
  readonly hooks: HookTracker;
  /** The same for anything else that is started. */
  readonly tracker: ProcessTracker;
  /** Removes private files of an earlier run. Before the first session of this one. Gives how many folders there were. */
  removeLeftovers(): number;
  readonly processes: ProcessTable;
  onProblem(listener: (problem: Problem) => void): () => void;
  /** After the last session: gives back what was kept ready, and lets the reaper go. Resolves within a second or two. */
  close(): Promise<void>;
}

export interface MachineOptions {
  readonly logger: Logger;
  /** What the app was called with: for shells, hooks and commands. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly appVersion?: string | undefined;
  /** The setting, for profiles that do not say. */
  readonly loginShell?: (() => LoginShell) | undefined;
  readonly locations: Pick<Locations, 'config' | 'data' | 'logs'>;
  /** How this host starts the reaper. */
  readonly reaper: ReaperCommand;
}

/** Everything that runs shells here. Nothing is started until a session is opened or a backend is asked to look. */
export async function createMachine(options: MachineOptions): Promise<Machine> {
  const { logger, environment, appVersion, loginShell, locations, reaper } = options;
  const problems = new Emitter<Problem>((error) => logger.error({ err: error }, 'A listener threw'));
  const processes = processTable();
  const installation = installationId(locations.data);
  // Where the process table is not to be had, containers still name their owner; no sweep judges it then.
  const owner = (await findOwner(installation, processes)) ?? {
    installation,
    host: hostname(),
    pid: process.pid,
    start: 0,
  };
  const credentialFolders = new CredentialFolders({
    installation,
    environment,
    tracker: { folder: (sessionId, path) => tracker.folder(sessionId, path) },
  });
  // Of its own: what is for one session alone lies in the other.
  const etcFolders = new CredentialFolders({
    installation: `${installation}-etc`,
    environment,
    tracker: { folder() {} },
  });
  const tracker = createReaper({
    log: logger,
    command: reaper,
    roots: [tmpdir(), ...credentialFolders.roots, ...etcFolders.roots],
    onProblem: (problem) => problems.emit(problem),
  });
  const forbiddenFolders = [locations.config, locations.data, locations.logs];
  const engine = createDockerEngine({
    sources: { ...systemSources(), env: environment },
    onError: (error) => logger.warn({ err: error }, 'The container engine’s connection had a problem'),
  });
  const backends: Backends = {
    pty: createPtyBackend({ log: logger, environment, appVersion, loginShell, tracker, credentialFolders }),
    bubblewrap: createBubblewrapBackend({
      log: logger,
      environment,
      appVersion,
      loginShell,
      tracker,
      forbiddenFolders,
      credentialFolders,
      etcFolders,
    }),
    docker: createDockerBackend({
      engine,
      log: logger,
      environment,
      owner,
      forbiddenFolders,
      processes,
      tracker,
      makeIdentityFolder: () => etcFolders.createShared('identity'),
    }),
  };
  return {
    backends,
    offers: () => engine.offers(),
    folderRules: { home: homedir(), forbidden: forbiddenFolders, environment },
    hooks: trackRuns(tracker, processes),
    tracker,
    removeLeftovers() {
      etcFolders.removeLeftovers();
      return credentialFolders.removeLeftovers();
    },
    processes,
    onProblem: (listener) => problems.on(listener),
    async close() {
      // What was kept ready goes first; what does not go in time is the reaper's.
      await Promise.all(Object.values(backends).map((backend) => backend.close?.()));
      engine.close();
      await tracker.close();
    },
  };
}
