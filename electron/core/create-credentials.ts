import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { CredentialBroker } from '../credentials/broker.ts';
import { createFetcher } from '../credentials/fetcher.ts';
import { createSecretStore, NO_KEYCHAIN_IN_BROWSERS, noSecretStore, type SecretStore } from '../credentials/store.ts';
import type { Locations } from '../storage/locations.ts';
import type { HostServices } from './core.ts';
import type { Machine } from './machine.ts';

/** Where sessions get their credentials from. */
export interface Credentials {
  /** Secrets that the user has stored, encrypted by the system's keychain. */
  readonly secrets: SecretStore;
  readonly broker: CredentialBroker;
}

/** The stored secrets of this host, and the broker that fetches credentials for sessions. */
export function createCredentials(options: {
  readonly host: Pick<HostServices, 'cipher'>;
  readonly machine: Pick<Machine, 'processes' | 'tracker'>;
  readonly locations: Pick<Locations, 'config'>;
  /** The app's own environment, for commands that give credentials. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Credentials {
  const { host, machine, locations, environment, clock, logger } = options;
  const secrets =
    host.cipher === undefined
      ? noSecretStore(NO_KEYCHAIN_IN_BROWSERS)
      : createSecretStore({
          file: join(locations.config, 'credentials.json'),
          cipher: host.cipher,
          logger,
          now: () => clock.wall(),
        });
  const { processes, tracker } = machine;
  const fetch = createFetcher({ store: secrets, environment, home: homedir(), processes, tracker });
  return { secrets, broker: new CredentialBroker({ clock, fetch, logger }) };
}
