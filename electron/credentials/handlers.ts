import type { Handlers } from '../engine/rpc-server.ts';
import type { SecretStore } from './store.ts';

type CredentialHandlers = Pick<Handlers, 'credentials.list' | 'credentials.store' | 'credentials.remove'>;

/** Answers what a window asks about stored secrets. Their values go in, and never out. */
export function credentialHandlers(store: SecretStore): CredentialHandlers {
  return {
    'credentials.list': () => store.list(),
    'credentials.store': async ({ name, value }) => {
      await store.store(name, value);
      return {};
    },
    'credentials.remove': async ({ name }) => {
      await store.remove(name);
      return {};
    },
  };
}
