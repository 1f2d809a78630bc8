import { pino } from 'pino';
import type { Backend } from '../electron/backends/backend.ts';
import { SystemClock } from '../electron/base/clock.ts';
import { createSessionMetrics, type SessionMetrics } from '../electron/metrics/session-metrics.ts';
import type { RecorderFactory, RecorderResult } from '../electron/recording/recorder.ts';
import { SessionManager } from '../electron/sessions/manager.ts';
import { createSettingsStore } from '../electron/storage/create-settings-store.ts';
import type { StoredSettings } from '../electron/storage/settings-store.ts';
import { LOCAL_PROFILE_ID, type Profile, type ProfileOf } from '../shared/profile.ts';
import { DEFAULT_SETTINGS, policySchema } from '../shared/settings.ts';

/** What a manager for a measurement is made of. */
export interface ManagerParts {
  readonly backend: Backend;
  readonly recorders: RecorderFactory;
  readonly profile: Partial<ProfileOf<'pty'>>;
  readonly metrics?: SessionMetrics;
  /** More profiles, for sandboxes. */
  readonly sandboxes?: readonly Profile[];
}

export const quiet = pino({ level: 'silent' });

/** Records nothing. */
export const NO_RECORDERS: RecorderFactory = {
  folderOf: () => '',
  reopen: () =>
    Promise.resolve({ ok: false, failure: { stage: 'recording', message: 'Nothing is recorded', hint: '' } }),
  open: () =>
    Promise.resolve<RecorderResult>({
      ok: true,
      recorder: {
        bytes: 0,
        waitingBytes: 0,
        addSecret() {},
        output() {},
        resize() {},
        marker() {},
        flush: () => Promise.resolve(),
        close: () => Promise.resolve({ file: '', bytes: 0, sha256: null, truncated: false, message: null }),
      },
    }),
};

/** Settings with this profile as the local one, and limits of a second allowed. */
export function storedSettings(profile: Partial<ProfileOf<'pty'>>, sandboxes: readonly Profile[] = []): StoredSettings {
  const local = DEFAULT_SETTINGS.profiles.find(({ id }) => id === LOCAL_PROFILE_ID);
  if (local === undefined) throw new Error('There is no local profile');
  return {
    version: DEFAULT_SETTINGS.version,
    profiles: [{ ...local, ...profile, backend: 'pty' }, ...sandboxes],
    sessions: { maxConcurrentSessions: 10_000 },
  };
}

/** The product's session manager with its own clock, in this process. */
export function createManager({ backend, recorders, profile, metrics, sandboxes }: ManagerParts): SessionManager {
  const clock = new SystemClock();
  const stored = storedSettings(profile, sandboxes);
  const settings = createSettingsStore({
    file: { path: '', read: () => ({ ...stored }), edit() {}, replace() {}, setAside: () => '' },
    env: {},
    readPolicy: () => ({ ok: true, policy: policySchema.parse({ minimumTimeoutSeconds: 1 }), file: null }),
    logger: quiet,
  });
  const [problem] = settings.problems;
  if (problem !== undefined) throw new Error(problem.message);
  return new SessionManager({
    clock,
    backends: { pty: backend, bubblewrap: backend, docker: backend },
    recorders,
    settings,
    metrics: metrics ?? createSessionMetrics(() => clock.wall()),
    logger: quiet,
    app: { name: 'Sandglass', version: '0' },
    writeMetadata: () => Promise.resolve(),
  });
}
