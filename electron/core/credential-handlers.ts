import type { CredentialBroker } from '../credentials/broker.ts';
import type { SecretStore } from '../credentials/store.ts';
import type { Handlers } from './rpc-server.ts';

type CredentialHandlers = Pick<Handlers, 'credentials.list' | 'credentials.store' | 'credentials.remove'>;

/** Answers what a window asks about stored secrets. Their values go in, and never out. */
export function credentialHandlers(store: SecretStore, broker: Pick<CredentialBroker, 'replaced'>): CredentialHandlers {
  return {
    'credentials.list': () => store.list(),
    'credentials.store': async ({ name, value }) => {
      await store.store(name, value);
      // The answer does not wait until sessions have it.
      void broker.replaced(name);
      return {};
    },
    'credentials.remove': async ({ name }) => {
      await store.remove(name);
      return {};
    },
  };
}
