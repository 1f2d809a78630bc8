import type { LimitOrigin, OnExpiry } from '../../../shared/limits.ts';
import type { Profile } from '../../../shared/profile.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS, type SettingPath } from '../../../shared/settings.ts';
import { createSessionMetrics } from '../../metrics/session-metrics.ts';
import type { PolicyState } from '../../storage/settings-store.ts';
import { type ManagerOptions, SessionManager } from '../manager.ts';
import { profileWith } from './profiles.ts';
import { backendsOf, keepingLogger, StandInBackend, StandInRecorders } from './stand-ins.ts';
import { TestClock } from './test-clock.ts';

/** The size that tests open sessions with. */
export const size = { cols: 80, rows: 24 };

interface Limits {
  idle?: number;
  max?: number;
  concurrent?: number;
  interval?: number;
  onExpiry?: OnExpiry;
}

/** A manager on stand-ins, whose settings and policy a test changes. */
export function managerWith(limits: Limits = {}) {
  const clock = new TestClock();
  const log: string[] = [];
  const backend = new StandInBackend(log);
  const logger = keepingLogger();
  let listener: () => void = () => {};
  let policy: PolicyState = { ok: true, policy: policySchema.parse({ minimumTimeoutSeconds: 1 }), file: null };
  const preferences = structuredClone(DEFAULT_SETTINGS);
  preferences.limits.local = { idleTimeoutSeconds: limits.idle ?? 0, maxDurationSeconds: limits.max ?? 0 };
  preferences.limits.onExpiry = limits.onExpiry ?? 'close';
  preferences.sessions = {
    maxConcurrentSessions: limits.concurrent ?? 100,
    cleanupIntervalSeconds: limits.interval ?? 300,
  };
  const origins = Object.fromEntries(SETTING_PATHS.map((path) => [path, 'default'])) as Record<
    SettingPath,
    LimitOrigin
  >;
  const settings: ManagerOptions['settings'] = {
    settings: preferences,
    get effective() {
      return { preferences, origins };
    },
    get policy() {
      return policy;
    },
    profile: (id) => profiles.get(id),
    onChange: (each) => {
      listener = each;
      return () => {};
    },
  };
  const profiles = new Map<string, Profile>([
    ['local', profileWith()],
    ['other', profileWith({ id: 'other', name: 'Other' })],
  ]);
  const manager = new SessionManager({
    clock,
    backends: backendsOf(backend),
    recorders: new StandInRecorders(log),
    settings,
    metrics: createSessionMetrics(() => clock.wall()),
    logger,
    app: { name: 'Sandglass', version: '1' },
    writeMetadata: async () => {},
  });
  manager.on('event', ({ event }) => {
    if (event.type === 'session:start' || event.type === 'session:end') log.push(`${event.type} ${event.sessionId}`);
  });
  return {
    backend,
    clock,
    log,
    logger,
    manager,
    preferences,
    profiles,
    settings,
    settingsChanged: () => listener(),
    setPolicy: (next: PolicyState) => {
      policy = next;
    },
  };
}
