import { mkdirSync } from 'node:fs';
import type { Logger } from '../../base/logger.ts';
import type { HookTracker } from '../../journal/hook-service.ts';
import type { Journal } from '../../journal/journal.ts';
import { createJournal } from '../../journal/journal-client.ts';
import type { Locations } from '../../storage/locations.ts';

const noHooks: HookTracker = { started: async () => {}, ended: () => {} };

/** The journal of a data folder. */
export function openTestJournal(
  locations: Pick<Locations, 'data' | 'sessions' | 'hooks'>,
  logger: Logger,
  tracker: HookTracker = noHooks,
): Journal {
  mkdirSync(locations.hooks, { recursive: true });
  return createJournal({
    dataFolder: locations.data,
    sessionsFolder: locations.sessions,
    hooksFolder: locations.hooks,
    source: 'urn:sandglass:test',
    environment: { PATH: process.env.PATH },
    logger,
    tracker,
  });
}
