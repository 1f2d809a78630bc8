import type { CredentialSource } from '../../shared/profile.ts';
import { type CommandSurroundings, fetchByCommand } from './command-source.ts';
import { fetchFromFile } from './file-source.ts';
import type { SecretStore } from './store.ts';
import type { Fetched } from './value.ts';

/** Gets a credential's value from where it comes. Never rejects. */
export type Fetch = (source: CredentialSource, signal: AbortSignal) => Promise<Fetched>;

/** What values are fetched with. */
export interface FetcherOptions extends CommandSurroundings {
  readonly store: Pick<SecretStore, 'read'>;
}

/** Fetches values on this machine. */
export function createFetcher(options: FetcherOptions): Fetch {
  return (source, signal) => {
    switch (source.kind) {
      case 'command':
        return fetchByCommand(source.command, source.args, options, signal);
      case 'file':
        return fetchFromFile(source.file);
      case 'stored':
        return options.store.read(source.name);
    }
  };
}
