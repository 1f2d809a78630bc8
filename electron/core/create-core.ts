import type { AppInfo } from '../../shared/contract.ts';
import type { SessionMetadata } from '../../shared/recording.ts';
import type { Problem } from '../../shared/settings.ts';
import { SystemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { Journal } from '../journal/journal.ts';
import { createSessionMetrics } from '../metrics/session-metrics.ts';
import { MetadataWriter } from '../recording/metadata-writer.ts';
import { createRecorderFactory } from '../recording/recorder-factory.ts';
import { SessionManager } from '../sessions/manager.ts';
import { allStillRunning } from '../sessions/running-programs.ts';
import type { Locations } from '../storage/locations.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import { Checkpoints } from '../terminal/checkpoints.ts';
import { serveWindow } from './connection.ts';
import type { Core, HostServices } from './core.ts';
import { createCredentials } from './create-credentials.ts';
import { LaunchRecovery } from './launch-recovery.ts';
import type { Machine } from './machine.ts';
import { ProblemBoard } from './problem-board.ts';
import { reportIncompleteRecordings } from './recording-problems.ts';
import { SessionJournal } from './session-journal.ts';

const APP_NAME = 'Sandglass';

/** How long a quit waits for the ends of an earlier run's sessions, in milliseconds. */
const RECOVERY_QUIT_MS = 1_000;

export interface CoreOptions {
  readonly host: HostServices;
  readonly locations: Locations;
  readonly settings: SettingsStore;
  readonly logger: Logger;
  readonly appVersion: string;
  /** What is wrong with what the host opened; it may grow. */
  readonly problems?: readonly Problem[];
  /** The machine's clock; another one for tests. */
  readonly clock?: SystemClock;
  /** The app's own environment, for commands that give credentials. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What runs shells. */
  readonly machine: Machine;
  /** What is kept of sessions, and the hooks that are told of them. The core closes it. */
  readonly journal: Journal;
  /** Let go of when the core has quit. */
  readonly lock?: Disposable;
}

/** Puts the core together. Nothing runs until a session is opened. */
export function createCore(options: CoreOptions): Core {
  const { host, machine, journal, locations, settings, logger, appVersion, environment } = options;
  const clock = options.clock ?? new SystemClock();
  const app = { name: APP_NAME, version: appVersion };
  const problems = new ProblemBoard(logger);
  const recorders = createRecorderFactory({ folder: locations.sessions, clock, logger });
  const { secrets, broker: credentials } = createCredentials({ host, machine, locations, environment, clock, logger });
  const journaling = new SessionJournal({ journal, clock });
  const metadataWriter = new MetadataWriter({ clock, onWritten: (metadata) => metadataIsThere(metadata, problems) });
  const checkpoints = new Checkpoints(() => settings.effective.preferences.terminal.scrollbackLines);
  const manager = new SessionManager({
    clock,
    checkpoints,
    backends: machine.backends,
    recorders: journaling.recorders(recorders),
    settings,
    credentials,
    metrics: createSessionMetrics(() => clock.wall()),
    logger,
    app,
    async writeMetadata(metadata) {
      const { id, title } = metadata;
      const written = await metadataWriter.write(recorders.folderOf(id), metadata);
      if (written.ok) return;
      logger.error({ session: id, why: written.message }, 'Metadata could not be written');
      problems.report({
        id: `metadata-${id}`,
        severity: 'error',
        title: `The metadata of “${title}” is missing`,
        message: `${written.message} It is written as soon as that is possible.`,
      });
    },
  });
  journaling.follow(manager);
  const stopRetention = applyRetention(journal, settings);
  reportIncompleteRecordings(manager, problems);
  machine.onProblem((problem) => problems.report(problem));
  journal.onProblem((problem) => problems.report(problem));
  const recovery = new LaunchRecovery({
    manager,
    journal,
    recorders,
    checkpoints,
    metadataWriter,
    settings,
    sessionsFolder: locations.sessions,
    problems,
    clock,
    logger,
  });

  const appInfo = (): AppInfo => ({
    ...app,
    host: host.kind,
    platform: process.platform,
    screenReader: host.screenReader?.running ?? null,
    logFolder: locations.logs,
    recordingFolder: locations.sessions,
    problems: [...(options.problems ?? []), ...settings.problems, ...problems.known],
  });

  return {
    connect: (transport) =>
      serveWindow(transport, {
        manager,
        machine,
        settings,
        recorders,
        journal,
        secrets,
        credentials,
        host,
        logger,
        logFolder: locations.logs,
        hooksFolder: locations.hooks,
        appInfo,
        recovered: () => recovery.finished,
        onProblem: (listener) => problems.on(listener),
      }),
    metrics: () => manager.metrics(),
    prepare: () => {
      // Nothing of this run has private files yet.
      const removed = machine.removeLeftovers();
      if (removed > 0) logger.info({ removed }, 'Private files of an earlier run were removed');
      recovery.start();
      prepareBackends(machine, recovery.finished);
    },
    stillRunning: () => allStillRunning(manager.live),
    get liveSessions() {
      return manager.live.length;
    },
    titleOf: (id) => manager.get(id)?.title ?? null,
    onEvent: (listener) => manager.on('event', ({ event }) => listener(event)),
    onProblem: (listener) => problems.on(listener),
    clockChanged: () => {
      const suspendedMs = clock.resync();
      if (suspendedMs > 0) logger.info({ suspendedMs }, 'The machine had been suspended');
      manager.clockChanged();
      credentials.check();
    },
    async quit() {
      recovery[Symbol.dispose]();
      await manager.quit();
      stopRetention();
      // What is not done by then is done at the next launch.
      await withDeadline(recovery.finished, RECOVERY_QUIT_MS, undefined, clock);
      journaling[Symbol.dispose]();
      checkpoints[Symbol.dispose]();
      await Promise.all([journal.close(), metadataWriter[Symbol.asyncDispose]()]);
      await machine.close();
      options.lock?.[Symbol.dispose]();
    },
  };
}

/** Checks which backends are available, and removes what an earlier run has left once its sessions have their ends. */
function prepareBackends({ backends }: Pick<Machine, 'backends'>, recovered: Promise<void>): void {
  for (const backend of Object.values(backends)) {
    void backend
      .check()
      .then(() => recovered)
      .then(() => {
        backend.recovered?.();
        void backend.sweep?.();
      });
  }
}

/** Keeps the history as long as the settings say, from now on. Gives the function that ends it. */
function applyRetention(journal: Journal, settings: SettingsStore): () => void {
  const retain = (): void => journal.retain(settings.effective.preferences.history);
  retain();
  return settings.onChange(retain);
}

function metadataIsThere({ id, title }: SessionMetadata, problems: ProblemBoard): void {
  problems.report({
    id: `metadata-${id}`,
    severity: 'info',
    title: `The metadata of “${title}” is there now`,
    message: 'It could not be written when the session ended, and was written now.',
  });
}
