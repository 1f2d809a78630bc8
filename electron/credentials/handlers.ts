import type { Handlers } from '../core/rpc-server.ts';
import type { CredentialBroker } from './broker.ts';
import type { SecretStore } from './store.ts';

type CredentialHandlers = Pick<Handlers, 'credentials.list' | 'credentials.store' | 'credentials.remove'>;

/** Answers what a window asks about stored secrets. Their values go in, and never out. */
export function credentialHandlers(store: SecretStore, broker: Pick<CredentialBroker, 'replaced'>): CredentialHandlers {
  return {
    'credentials.list': () => store.list(),
    'credentials.store': async ({ name, value }) => {
      await store.store(name, value);
      // Nobody waits for sessions to have it.
      void broker.replaced(name);
      return {};
    },
    'credentials.remove': async ({ name }) => {
      await store.remove(name);
      return {};
    },
  };
}
