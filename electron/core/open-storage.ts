import type { Problem } from '../../shared/settings.ts';
import { createSettingsStore } from '../storage/create-settings-store.ts';
import { acquireInstanceLock, type InstanceLock, type InstanceOwner } from '../storage/instance-lock.ts';
import { findLocations, LocationError, type Locations, makeFolders } from '../storage/locations.ts';
import { createLog, type Log } from '../storage/log.ts';
import { policyFiles, readPolicy } from '../storage/policy.ts';
import type { SettingsFile, SettingsStore } from '../storage/settings-store.ts';
import { watchForChanges } from '../storage/watch-file.ts';

export interface Storage {
  readonly locations: Locations;
  readonly log: Log;
  readonly settings: SettingsStore;
  /** Keeps other instances off the data folder. */
  readonly lock: InstanceLock;
  /** What was wrong when these were opened, and what goes wrong with the log later on; a host adds its own. */
  readonly problems: Problem[];
}

/**
 * Opens what has to be there before the core: folders, log and settings; for this instance alone.
 *
 * @param host names this instance to the next one
 * @param openSettingsFile each host has its own
 * @throws LocationError, with a message for people, when a folder is not to be had, or another instance has it
 */
export async function openStorage(
  host: InstanceOwner['host'],
  env: Readonly<Record<string, string | undefined>>,
  openSettingsFile: (path: string) => SettingsFile,
): Promise<Storage> {
  const locations = findLocations({ env, platform: process.platform });
  makeFolders(locations);
  const locked = acquireInstanceLock(locations.data, { pid: process.pid, host, address: null });
  if (!locked.ok) throw new LocationError(locked.message);
  const problems: Problem[] = [];
  const log = await createLog({
    folder: locations.logs,
    level: env.SANDGLASS_LOG_LEVEL,
    onProblem: (problem) => problems.push(problem),
  });
  problems.push(...log.problems);
  const file = openSettingsFile(locations.settingsFile);
  const settings = createSettingsStore({
    file,
    env,
    readPolicy: () => readPolicy(locations.policyFile, env),
    logger: log.child('settings'),
  });
  // Someone may edit it by hand while the app runs. It does not keep the process alive, and ends with it.
  file.watch?.(() => settings.refresh());
  for (const path of policyFiles(locations.policyFile, env)) watchForChanges(path, () => settings.refreshPolicy());
  return { locations, log, settings, problems, lock: locked.lock };
}
