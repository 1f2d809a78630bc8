import type { BackendStatus } from '../../shared/backends.ts';
import type { BackendKind } from '../../shared/profile.ts';
import type { Backend, Backends } from '../backends/backend.ts';
import { createPtyBackend } from '../backends/pty.ts';
import type { Logger } from '../sessions/session-options.ts';

/** What the backends of this machine need. */
export interface BackendsOptions {
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Every backend of this machine. Nothing runs until a session is opened or `check` is called. */
export function createBackends({ logger, environment }: BackendsOptions): Backends {
  return {
    pty: createPtyBackend({ log: logger, environment }),
    bubblewrap: unavailableBackend('bubblewrap', 'Sandboxes are not built into this version.'),
    docker: unavailableBackend('docker', 'Containers are not built into this version.'),
  };
}

function unavailableBackend(kind: BackendKind, message: string): Backend {
  const hint = 'Open a local shell instead.';
  const status: BackendStatus = { kind, state: 'unavailable', message, hint };
  return {
    kind,
    status,
    start: () => Promise.resolve({ ok: false, failure: { stage: 'sandbox', message, hint } }),
    killAllNow() {},
    onStatus: () => () => {},
    check: () => Promise.resolve(),
  };
}
