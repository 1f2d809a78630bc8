import type { BackendStatus } from '../../shared/backends.ts';
import type { AppInfo, WindowCommand } from '../../shared/contract.ts';
import { RequestError } from '../../shared/errors.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Transport } from '../../shared/transport.ts';
import type { Logger } from '../base/logger.ts';
import type { CredentialBroker } from '../credentials/broker.ts';
import type { SecretStore } from '../credentials/store.ts';
import type { Journal } from '../journal/journal.ts';
import { readMetadata } from '../recording/metadata.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { SessionManager } from '../sessions/manager.ts';
import type { Session } from '../sessions/session.ts';
import type { Tab } from '../sessions/tab.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import { afterRecovery } from './after-recovery.ts';
import { Channels } from './channels.ts';
import type { Connection, HostServices } from './core.ts';
import { credentialHandlers } from './credential-handlers.ts';
import { journalHandlers } from './journal-handlers.ts';
import type { Machine } from './machine.ts';
import { profileHandlers, sandboxFolderObjection } from './profiles.ts';
import { createRpcServer, type Handlers } from './rpc-server.ts';
import { prepareExport } from './session-exports.ts';
import { followSettingsProblems } from './settings-news.ts';
import { settingsView } from './settings-view.ts';

/** Malformed messages after which a window is not listened to any more. */
const MAX_MALFORMED = 100;

/** What a connection serves. */
export interface ConnectionOptions {
  readonly manager: SessionManager;
  readonly machine: Machine;
  readonly settings: SettingsStore;
  readonly recorders: RecorderFactory;
  readonly journal: Journal;
  readonly secrets: SecretStore;
  readonly credentials: Pick<CredentialBroker, 'replaced'>;
  readonly host: HostServices;
  readonly logger: Logger;
  readonly logFolder: string;
  readonly hooksFolder: string;
  appInfo(): AppInfo;
  /** Resolves when the sessions of an earlier run have their ends. */
  recovered(): Promise<unknown>;
  onProblem(listener: (problem: Problem) => void): () => void;
}

/** Serves one window over its transport until that closes. */
export function serveWindow(transport: Transport, options: ConnectionOptions): Connection {
  const { manager, settings, logger } = options;
  let closed = false;
  let malformed = 0;

  const channels = new Channels({
    send: (frame) => transport.send(frame),
    onClosed: (payload) => rpc.notify('channelClosed', payload),
  });
  const rpc = createRpcServer(createHandlers(options, channels), (message) => transport.send(message), logger);

  const subscriptions = [
    manager.on('changed', (session) => rpc.notify('sessionChanged', session.info())),
    manager.on('restored', (tab) => rpc.notify('sessionChanged', tab.info())),
    manager.on('removed', (id) => rpc.notify('sessionRemoved', { id })),
    manager.on('evicted', (id) => rpc.notify('sessionEvicted', { id })),
    manager.on('reordered', (ids) => rpc.notify('sessionsReordered', { ids: [...ids] })),
    manager.on('event', ({ event }) => rpc.notify('sessionEvent', event)),
    manager.on('timing', (timing) => rpc.notify('timing', [...timing])),
    settings.onChange(() => rpc.notify('settingsChanged', settingsView(settings))),
    followSettingsProblems(settings, (problem) => rpc.notify('problem', problem)),
    ...Object.values(options.machine.backends).map((backend) =>
      backend.onStatus(() => rpc.notify('backendsChanged', statusOf(options.machine))),
    ),
    options.journal.hooks.onChange((view) => rpc.notify('hooksChanged', view)),
    options.onProblem((problem) => rpc.notify('problem', problem)),
    options.host.screenReader?.onChange((running) => rpc.notify('screenReaderChanged', { running })),
  ];

  transport.onMessage((message) => {
    if (closed) return;
    const fine = typeof message === 'string' ? rpc.receive(message) : channels.receive(message);
    if (fine) return;
    if (typeof message !== 'string') logger.warn({ bytes: message.byteLength }, 'A malformed frame was refused');
    malformed += 1;
    if (malformed >= MAX_MALFORMED) {
      logger.error({ malformed }, 'A window that sends malformed messages was disconnected');
      transport.close('Too many malformed messages.');
    }
  });
  transport.onClose((reason) => {
    if (closed) return;
    closed = true;
    for (const stop of subscriptions) stop?.();
    channels.close();
    rpc.close();
    logger.debug({ reason }, 'A window disconnected');
  });

  return {
    command(command: WindowCommand) {
      if (!closed) rpc.notify('command', { command });
    },
    get closed() {
      return closed;
    },
  };
}

function createHandlers(options: ConnectionOptions, channels: Channels): Handlers {
  const { manager, machine, settings, recorders, host, logFolder } = options;

  const gone = (): RequestError => new RequestError('unknown_session', 'This session is not there any more.');
  const find = (id: SessionId): Session => {
    const session = manager.get(id);
    if (session === undefined) throw gone();
    return session;
  };
  const findTab = (id: SessionId): Tab => {
    const tab = manager.tab(id);
    if (tab === undefined) throw gone();
    return tab;
  };

  const eventsOf = async (id: SessionId): Promise<{ events: SessionEvent[]; leftOut: number }> => {
    const tab = manager.tab(id);
    if (tab !== undefined) return { events: [...tab.events], leftOut: tab.eventsLeftOut };
    const kept = await options.journal.events(id);
    if (kept !== null) return { events: [...kept], leftOut: 0 };
    const read = await readMetadata(recorders.folderOf(id));
    if (!read.ok) throw new RequestError('unknown_session', read.message);
    return { events: read.metadata.events, leftOut: read.metadata.eventsLeftOut ?? 0 };
  };

  return {
    'app.info': () => options.appInfo(),
    'app.openLogs': async () => ({ opened: await host.openFolder(logFolder), folder: logFolder }),
    'sessions.list': () => manager.tabs().map((tab) => tab.info()),
    'sessions.open': async (input) => {
      const { previousId } = input;
      // One without a tab is of an earlier run, or has ended long ago.
      if (previousId !== undefined && manager.tab(previousId) === undefined) await afterRecovery(options.recovered());
      return (await manager.openAfter(input)).info();
    },
    'sessions.attach': async ({ id, channel }) => {
      await channels.attach(findTab(id), channel);
      return {};
    },
    'sessions.detach': ({ channel }) => {
      channels.detach(channel);
      return {};
    },
    'sessions.resize': ({ id, cols, rows }) => {
      findTab(id);
      // The tab of a session of an earlier run has no program that would need the size.
      const session = manager.get(id);
      if (session !== undefined) channels.resize(session, { cols, rows });
      return {};
    },
    'sessions.rename': ({ id, title }) => {
      manager.rename(findTab(id), title);
      return {};
    },
    'sessions.reorder': ({ ids }) => {
      manager.reorder(ids);
      return {};
    },
    'sessions.close': async ({ id, force }) => {
      const running = await manager.close(id, force);
      return running === null ? { outcome: 'closed' } : { outcome: 'confirm', running };
    },
    'sessions.dismiss': ({ id }) => {
      manager.dismiss(id);
      return {};
    },
    'sessions.restart': async ({ id, force }) => {
      const result = await manager.restart(id, force);
      return 'running' in result
        ? { outcome: 'confirm', running: result.running }
        : { outcome: 'restarted', session: result.info() };
    },
    'sessions.keepOpen': ({ id }) => {
      const result = find(id).keepOpen();
      if (!result.ok) throw new RequestError('not_allowed', result.message);
      return {};
    },
    'sessions.extend': ({ id }) => {
      const result = find(id).extend();
      if (!result.ok) throw new RequestError('not_allowed', result.message);
      return {};
    },
    'sessions.freeze': async ({ id }) => {
      const result = await find(id).freeze();
      if (!result.ok) throw new RequestError('not_allowed', result.message);
      return {};
    },
    'sessions.thaw': async ({ id }) => {
      const result = await find(id).thaw();
      if (!result.ok) throw new RequestError('not_allowed', result.message);
      return {};
    },
    'sessions.events': ({ id }) => eventsOf(id),
    'sessions.export': async ({ id, format }) => {
      return host.deliverExport(await prepareExport(manager, recorders, id, format));
    },
    'sessions.metrics': () => manager.metrics(),
    'settings.get': () => settingsView(settings),
    'settings.change': ({ changes }) => {
      const endings = manager.endingsOf(() => settings.change(changes));
      return { view: settingsView(settings), endings };
    },
    'settings.replaceFile': () => ({ copy: settings.replaceFile(), settings: settingsView(settings) }),
    ...journalHandlers(options.journal, host, options.hooksFolder),
    ...credentialHandlers(options.secrets, options.credentials),
    ...profileHandlers(settings, host, sandboxFolderObjection(machine.folderRules)),
    'backends.status': () => statusOf(machine),
    'backends.check': async () => {
      await Promise.all(Object.values(machine.backends).map((backend) => backend.check()));
      return statusOf(machine);
    },
    'backends.offers': () => machine.offers(),
  };
}

function statusOf(machine: Machine): BackendStatus[] {
  return Object.values(machine.backends).map((backend) => backend.status);
}
