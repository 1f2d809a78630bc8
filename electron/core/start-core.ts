import type { LoginShell } from '../../shared/profile.ts';
import { eventSource } from '../hooks/cloud-event.ts';
import { createJournal } from '../journal/journal-client.ts';
import type { ReaperCommand } from '../reaper/command.ts';
import { installationId } from '../storage/installation.ts';
import type { Core, HostServices } from './core.ts';
import { createCore } from './create-core.ts';
import { createMachine } from './machine.ts';
import type { Storage } from './open-storage.ts';

/** What a host starts the core with. */
export interface StartCoreOptions {
  readonly storage: Storage;
  readonly host: HostServices;
  /** What the app was called with, for shells, hooks and commands; nothing of launchers and runtimes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly appVersion: string;
  /** How this host starts the reaper. */
  readonly reaper: ReaperCommand;
}

/** The core with all that it runs on: this machine's backends, the journal, the hooks. It closes all of them when it quits. */
export async function startCore({ storage, host, environment, appVersion, reaper }: StartCoreOptions): Promise<Core> {
  const { locations, log, settings, problems, lock } = storage;
  const { logger } = log;
  const loginShell = (): LoginShell => settings.effective.preferences.terminal.loginShell;
  const machine = await createMachine({ logger, environment, appVersion, loginShell, locations, reaper });
  const journal = createJournal({
    dataFolder: locations.data,
    sessionsFolder: locations.sessions,
    hooksFolder: locations.hooks,
    source: eventSource(installationId(locations.data)),
    environment,
    logger,
    tracker: machine.hooks,
  });
  return createCore({ host, machine, journal, locations, settings, logger, appVersion, environment, problems, lock });
}
