import type { SessionEnd, SessionInfo } from '../../shared/session.ts';

/** When the page was opened; made-up times count from it. */
const START = Date.now();

/** The n-th made-up id. */
export function fakeId(n: number): string {
  return `01KAHVX${String(n).padStart(19, '0')}`;
}

/** A made-up session: a local shell at its prompt, unless it is changed. */
export function fakeSession(n: number, change: Partial<SessionInfo> = {}): SessionInfo {
  const id = fakeId(n);
  return {
    id,
    previousId: null,
    profileId: 'local',
    profileName: 'Local shell',
    backend: 'pty',
    title: 'bash',
    state: 'waiting',
    createdAt: START - 900_000,
    cols: 80,
    rows: 24,
    pid: 4_242 + n,
    foreground: null,
    limits: {
      values: {
        idleTimeoutSeconds: 3_600,
        maxDurationSeconds: 28_800,
        activity: ['input'],
        warnBeforeSeconds: [300, 60, 10],
        extensions: { count: 2, seconds: 1_800 },
        closeGraceSeconds: 2,
        maxCommands: 0,
        onExpiry: 'close',
        thawWindowSeconds: 600,
      },
      origins: {
        idleTimeoutSeconds: 'settings',
        maxDurationSeconds: 'policy',
        activity: 'default',
        warnBeforeSeconds: 'default',
        extensions: 'default',
        closeGraceSeconds: 'default',
        maxCommands: 'default',
        onExpiry: 'default',
        thawWindowSeconds: 'default',
      },
      caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 36_000 },
    },
    timing: {
      id,
      ageMs: 900_000,
      idleMs: 12_000,
      idleRemainingMs: 3_588_000,
      maxRemainingMs: 27_900_000,
      thawRemainingMs: null,
      revokedRemainingMs: null,
      lastActivity: { kind: 'input', at: START - 12_000 },
    },
    warning: null,
    revocation: null,
    extensions: { used: 0, count: 2, seconds: 1_800 },
    commands: { used: 0, source: 'lines' },
    frozenBy: null,
    credentials: [],
    restored: false,
    recording: { state: 'recording', bytes: 48_213, message: null },
    isolation: [],
    containment: 'cgroup',
    container: null,
    progress: null,
    end: null,
    ...change,
  };
}

/** A made-up end: by its idle limit, unless it is changed. */
export const endedWith = (change: Partial<SessionEnd>): SessionEnd => ({
  reason: 'idle_timeout',
  at: START - 60_000,
  durationSeconds: 2_710,
  exitCode: null,
  signal: 'SIGHUP',
  limitSeconds: 900,
  elapsedSeconds: null,
  expired: null,
  failure: null,
  detail: null,
  survivors: [],
  ...change,
});
