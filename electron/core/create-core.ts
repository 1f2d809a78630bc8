import { homedir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import type { AppInfo } from '../../shared/contract.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Transport } from '../../shared/transport.ts';
import { SystemClock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { CredentialBroker } from '../credentials/broker.ts';
import { createFetcher } from '../credentials/fetcher.ts';
import { createSecretStore, NO_KEYCHAIN_IN_BROWSERS, noSecretStore } from '../credentials/store.ts';
import type { Journal } from '../journal/journal.ts';
import { createSessionMetrics } from '../metrics/session-metrics.ts';
import { MetadataWriter } from '../recording/metadata-writer.ts';
import { createRecorderFactory } from '../recording/recorder-factory.ts';
import { reattachSession } from '../recovery/reattach.ts';
import { recoverSessions } from '../recovery/recover.ts';
import { findUnknownSessions } from '../recovery/unknown-sessions.ts';
import { remainsOf } from '../sessions/ended-session.ts';
import { SessionManager } from '../sessions/manager.ts';
import { describeEndedSession } from '../sessions/metadata.ts';
import { allStillRunning } from '../sessions/running-programs.ts';
import type { Locations } from '../storage/locations.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import { Checkpoints } from '../terminal/checkpoints.ts';
import { serveWindow } from './connection.ts';
import type { Connection, Core, HostServices } from './core.ts';
import type { Machine } from './machine.ts';
import { SessionJournal } from './session-journal.ts';

const APP_NAME = 'Sandglass';
/** Problems that a window which comes later is still told of. */
const MAX_PROBLEMS = 20;

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
  const recorders = createRecorderFactory({ folder: locations.sessions, clock, logger });
  const secrets =
    host.cipher === undefined
      ? noSecretStore(NO_KEYCHAIN_IN_BROWSERS)
      : createSecretStore({
          file: join(locations.config, 'credentials.json'),
          cipher: host.cipher,
          logger,
          now: () => clock.wall(),
        });
  const credentials = new CredentialBroker({
    clock,
    fetch: createFetcher({
      store: secrets,
      environment,
      home: homedir(),
      processes: machine.processes,
      tracker: machine.tracker,
    }),
    logger,
  });
  const journaling = new SessionJournal({ journal, clock, app });
  const { backends } = machine;
  const problems = new Emitter<Problem>((error) => logger.error({ err: error }, 'A listener threw'));
  const metrics = createSessionMetrics(() => clock.wall());
  const metadataWriter = new MetadataWriter({
    clock,
    onWritten: ({ id, title }) => {
      logger.info({ session: id }, 'Metadata could be written now');
      problems.emit({
        id: `metadata-${id}`,
        severity: 'info',
        title: `The metadata of “${title}” is there now`,
        message: 'It could not be written when the session ended, and was written now.',
      });
    },
  });

  const checkpoints = new Checkpoints(() => settings.effective.preferences.terminal.scrollbackLines);

  const manager = new SessionManager({
    clock,
    checkpoints,
    backends,
    recorders: journaling.recorders(recorders),
    settings,
    credentials,
    metrics,
    logger,
    async writeMetadata(session, event, recording) {
      if (recording === null) return;
      const metadata = describeEndedSession(session, event, recording, app);
      journaling.recorded(session.id, metadata.recording);
      const written = await metadataWriter.write(recorders.folderOf(session.id), metadata);
      if (written.ok) return;
      logger.error({ session: session.id, why: written.message }, 'Metadata could not be written');
      problems.emit({
        id: `metadata-${session.id}`,
        severity: 'error',
        title: `The metadata of “${session.title}” is missing`,
        message: `${written.message} It is written as soon as that is possible.`,
      });
    },
  });
  journaling.follow(manager);
  const retain = (): void => journal.retain(settings.effective.preferences.history);
  retain();
  const stopRetention = settings.onChange(retain);
  // A truncated recording is told once; the status line of its tab goes on showing it.
  const truncated = new Set<string>();
  manager.on('changed', (session) => {
    const { state, message } = session.recording.state();
    if (message === null || (state !== 'truncated' && state !== 'none') || truncated.has(session.id)) return;
    truncated.add(session.id);
    problems.emit({
      id: `recording-${session.id}`,
      severity: 'warning',
      title: `The recording of “${session.title}” is incomplete`,
      message,
    });
  });
  manager.on('evicted', (id) => truncated.delete(id));
  manager.on('removed', (id) => truncated.delete(id));

  const known: Problem[] = [];
  machine.onProblem((problem) => problems.emit(problem));
  journal.onProblem((problem) => problems.emit(problem));
  problems.on((problem) => {
    known.push(problem);
    if (known.length > MAX_PROBLEMS) known.shift();
  });

  let recovered: Promise<void> = Promise.resolve();
  const closing = new AbortController();
  const recover = async (before: number): Promise<void> => {
    const opening = await journal.opening;
    const unknown = await findUnknownSessions({
      root: locations.sessions,
      journal,
      profiles: settings.settings.profiles,
      before,
      logger,
    });
    const { tabs, problem } = await recoverSessions({
      ...opening,
      unfinished: [...opening.unfinished, ...unknown.unfinished],
      journal,
      recorders,
      wall: () => clock.wall(),
      newEventId: () => ulid(clock.wall()),
      logger,
      writeMetadata: (folder, metadata) => metadataWriter.write(folder, metadata),
      reattach: (session) =>
        reattachSession(session, { manager, settings, recorders, wall: () => clock.wall(), logger }),
    });
    manager.restore(remainsOf(tabs, { recorders, clock, journal, checkpoints }));
    if (problem !== null) problems.emit(problem);
    // Nobody waits for the history of long ago.
    unknown.adopt(closing.signal).catch((error: unknown) => {
      logger.error({ err: error }, 'Sessions that the journal does not know could not be read back');
    });
  };

  const appInfo = (): AppInfo => ({
    ...app,
    host: host.kind,
    platform: process.platform,
    screenReader: host.screenReader?.running ?? null,
    logFolder: locations.logs,
    recordingFolder: locations.sessions,
    problems: [...(options.problems ?? []), ...settings.problems, ...known],
  });

  return {
    connect: (transport: Transport): Connection =>
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
        recovered: () => recovered,
        onProblem: (listener) => problems.on(listener),
      }),
    metrics: () => manager.metrics(),
    prepare: () => {
      // Nothing of this run has private files yet.
      const removed = machine.removeLeftovers();
      if (removed > 0) logger.info({ removed }, 'Private files of an earlier run were removed');
      // What an earlier run has left is looked at before anything of it is swept away.
      recovered = recover(clock.wall()).catch((error: unknown) => logger.error({ err: error }, 'The recovery failed'));
      for (const backend of Object.values(backends)) {
        void backend
          .check()
          .then(() => recovered)
          .then(() => {
            backend.recovered?.();
            void backend.sweep?.();
          });
      }
    },
    stillRunning: () => allStillRunning(manager.live),
    get liveSessions() {
      return manager.live.length;
    },
    titleOf: (id) => manager.get(id)?.title ?? null,
    onEvent: (listener) => manager.on('event', listener),
    onProblem: (listener) => problems.on(listener),
    clockChanged: () => {
      const suspendedMs = clock.resync();
      if (suspendedMs > 0) logger.info({ suspendedMs }, 'The machine had been suspended');
      manager.clockChanged();
      credentials.check();
    },
    async quit() {
      closing.abort();
      await manager.quit();
      stopRetention();
      // What is not done by then is done at the next launch.
      await within(RECOVERY_QUIT_MS, recovered, clock);
      journaling[Symbol.dispose]();
      checkpoints[Symbol.dispose]();
      await Promise.all([journal.close(), metadataWriter[Symbol.asyncDispose]()]);
      await machine.close();
      options.lock?.[Symbol.dispose]();
    },
  };
}

/** Waits for `work`, and no longer than this. */
async function within(ms: number, work: Promise<void>, clock: SystemClock): Promise<void> {
  const late = Promise.withResolvers<void>();
  using _timer = clock.setTimer(ms, () => late.resolve());
  await Promise.race([work, late.promise]);
}
