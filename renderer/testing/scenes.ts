import type { SessionEnd, SessionEvent, SessionInfo } from '../../shared/session.ts';
import { DEFAULT_SETTINGS, type SettingsView } from '../../shared/settings.ts';
import { ENDING_SCENES } from './ending-scenes.ts';
import { FAKE_PROFILES } from './fake-backends.ts';
import { endedWith, fakeSession } from './fake-session.ts';
import { SANDBOX_SCENES } from './sandbox-scenes.ts';

function warned(n: number, remainingMs: number, last: boolean, deadline: 'idle' | 'max'): SessionInfo {
  const base = fakeSession(n, {
    title: deadline === 'idle' ? 'pull request 142' : 'nightly build',
    state: deadline === 'idle' ? 'waiting' : 'running',
    foreground: deadline === 'idle' ? null : 'npm run build',
    warning: { deadline, beforeSeconds: last ? 10 : 300, stage: last ? 2 : 0, last },
  });
  return {
    ...base,
    timing:
      deadline === 'idle'
        ? { ...base.timing, idleMs: 900_000 - remainingMs, idleRemainingMs: remainingMs, ageMs: 1_400_000 }
        : { ...base.timing, ageMs: 28_800_000 - remainingMs, maxRemainingMs: remainingMs },
  };
}

const ended = (n: number, title: string, change: Partial<SessionEnd>, more: Partial<SessionInfo> = {}): SessionInfo =>
  fakeSession(n, {
    title,
    state: 'ended',
    end: endedWith(change),
    recording: { state: 'closed', bytes: 1_284_113, message: null },
    ...more,
  });

/** What each scene starts with, the first session shown. */
export const SCENES: Readonly<Record<string, () => SessionInfo[]>> = {
  empty: () => [],
  plain: () => [
    fakeSession(1),
    warned(2, 240_000, false, 'idle'),
    ended(3, 'build', { reason: 'exited', exitCode: 0, signal: null, limitSeconds: null }),
  ],
  warning: () => [warned(1, 214_000, false, 'idle'), fakeSession(2)],
  last: () => [warned(1, 9_500, true, 'idle'), warned(2, 130_000, false, 'max')],
  max: () => [
    { ...warned(1, 130_000, false, 'max'), extensions: { used: 2, count: 2, seconds: 1_800 } },
    fakeSession(2),
  ],
  ended: () => [
    ended(1, 'src', {}),
    ended(2, 'stubborn', {
      reason: 'closed',
      limitSeconds: null,
      survivors: [{ pid: 8_112, command: 'node server.js' }],
    }),
    fakeSession(3),
  ],
  survivors: () => [
    ended(1, 'stubborn', { reason: 'max_duration', survivors: [{ pid: 8_112, command: 'node server.js' }] }),
  ],
  failed: () => [
    ended(
      1,
      'zsh',
      {
        reason: 'start_failed',
        limitSeconds: null,
        signal: null,
        durationSeconds: 0,
        failure: {
          stage: 'shell',
          message: 'Shell not found - connection closed',
          hint: '/usr/bin/zsh does not exist. Install it, or choose another shell in the profile.',
        },
      },
      { recording: { state: 'none', bytes: 0, message: null } },
    ),
    fakeSession(2),
  ],
  truncated: () => [
    fakeSession(1, { recording: { state: 'truncated', bytes: 9_812_113, message: 'The disk is full.' } }),
  ],
  shell: () => [fakeSession(1)],
  ...SANDBOX_SCENES,
  ...ENDING_SCENES,
  many: () =>
    Array.from({ length: 50 }, (_, index) =>
      index % 9 === 4
        ? warned(index + 1, 200_000, false, 'idle')
        : fakeSession(index + 1, { title: `session ${index + 1}` }),
    ),
};

export function fakeEvents(info: SessionInfo): SessionEvent[] {
  const base = { sessionId: info.id };
  const events: SessionEvent[] = [
    {
      ...base,
      id: 'e1',
      at: info.createdAt,
      type: 'session:start',
      profileId: 'local',
      backend: 'pty',
      previousId: null,
    },
    { ...base, id: 'e2', at: info.createdAt + 900, type: 'session:state', from: 'starting', to: 'waiting' },
    { ...base, id: 'e3', at: info.createdAt + 60_000, type: 'session:state', from: 'waiting', to: 'running' },
    {
      ...base,
      id: 'e4',
      at: info.createdAt + 500_000,
      type: 'session:warning',
      warning: { deadline: 'idle', beforeSeconds: 300, stage: 0, last: false },
    },
    {
      ...base,
      id: 'e5',
      at: info.createdAt + 505_000,
      type: 'session:extended',
      by: 'user',
      seconds: 1_800,
      used: 1,
      count: 2,
    },
  ];
  if (info.end !== null) events.push({ ...base, id: 'e6', at: info.end.at, type: 'session:end', end: info.end });
  return events;
}

export function fakeSettings(): SettingsView {
  const { version: _version, profiles, ...preferences } = structuredClone(DEFAULT_SETTINGS);
  return {
    preferences,
    effective: {
      ...preferences,
      limits: { ...preferences.limits, local: { idleTimeoutSeconds: 900, maxDurationSeconds: 28_800 } },
    },
    defaults: structuredClone(preferences),
    origins: {
      'limits.local.idleTimeoutSeconds': 'policy',
      'limits.local.maxDurationSeconds': 'default',
      'limits.sandboxed.idleTimeoutSeconds': 'default',
      'limits.sandboxed.maxDurationSeconds': 'default',
      'limits.activity': 'default',
      'limits.warnBeforeSeconds': 'default',
      'limits.extensions.count': 'default',
      'limits.extensions.seconds': 'default',
      'limits.closeGraceSeconds': 'default',
      'limits.maxCommands': 'default',
      'limits.onExpiry': 'default',
      'limits.thawWindowSeconds': 'default',
      'sessions.maxConcurrentSessions': 'environment',
      'sessions.cleanupIntervalSeconds': 'default',
      'history.keepDays': 'default',
      'history.keepSessions': 'default',
      'history.keepMegabytes': 'default',
      'terminal.fontSize': 'default',
      'terminal.scrollbackLines': 'default',
      'terminal.renderer': 'default',
      'terminal.cursorBlink': 'default',
      'terminal.loginShell': 'default',
      'terminal.minimumContrastRatio': 'default',
      'terminal.digitsSelectTabs': 'default',
      'terminal.screenReader': 'default',
      'appearance.theme': 'default',
    },
    policy: { minimumTimeoutSeconds: 60, maxIdleTimeoutSeconds: 900, maxMaxDurationSeconds: 36_000 },
    policyFile: '/etc/sandglass/policy.yaml',
    policyIsOwn: false,
    profiles: [...profiles, ...FAKE_PROFILES],
  };
}

/** Queries that a program once made: replayed, they must not be answered again. */
const OLD_QUERIES = '\x1b[6n\x1b[c\x1b]11;?\x1b\\';

/** Something to read: colours, a table, box drawing, wide characters. */
export const SCREEN = `${OLD_QUERIES}${[
  '\x1b[1;34m~/src/sandglass\x1b[0m \x1b[35mmain\x1b[0m $ npm test',
  '',
  '> sandglass@0.1.0 test',
  '',
  ' \x1b[32m✓\x1b[0m shared/duration.test.ts \x1b[2m(14 tests)\x1b[0m \x1b[33m24ms\x1b[0m',
  ' \x1b[32m✓\x1b[0m electron/sessions/deadlines.test.ts \x1b[2m(31 tests)\x1b[0m \x1b[33m118ms\x1b[0m',
  ' \x1b[31m✗\x1b[0m electron/recording/encoder.test.ts \x1b[2m(9 tests | \x1b[31m1 failed\x1b[0m\x1b[2m)\x1b[0m',
  '   \x1b[31mAssertionError: expected 3 to be 4\x1b[0m',
  '   \x1b[36m❯\x1b[0m encoder.test.ts:\x1b[2m41:27\x1b[0m  see https://example.org/encoder',
  '',
  ' \x1b[44;97m INFO \x1b[0m \x1b[41;97m FAIL \x1b[0m \x1b[42;30m PASS \x1b[0m \x1b[43;30m WARN \x1b[0m \x1b[7m reverse \x1b[0m \x1b[90mdim grey\x1b[0m \x1b[93mbright yellow\x1b[0m \x1b[97mbright white\x1b[0m',
  ' ┌──────────┬─────────┐  日本語 한국어 👩‍👩‍👧‍👦 e\u0301 → ≠ != =>',
  ' │ passed   │      53 │',
  ' │ failed   │       1 │',
  ' └──────────┴─────────┘',
  '\x1b[1;34m~/src/sandglass\x1b[0m \x1b[35mmain\x1b[0m $ ',
].join('\r\n')}`;
