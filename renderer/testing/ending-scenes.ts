import type { CredentialState, LimitReason, SessionEnd, SessionInfo } from '../../shared/session.ts';
import { endedWith, fakeSession } from './fake-session.ts';

const RECORDED = { state: 'closed', bytes: 1_284_113, message: null } as const;
const PLAIN_END = { limitSeconds: null, signal: null, exitCode: null } as const;

const over = (n: number, end: Partial<SessionEnd>, more: Partial<SessionInfo> = {}): SessionInfo =>
  fakeSession(n, { state: 'ended', recording: RECORDED, end: endedWith(end), ...more });

const crashed = (n: number, more: Partial<SessionInfo> = {}): SessionInfo =>
  over(n, { ...PLAIN_END, reason: 'app_crash', durationSeconds: 5_412 }, { restored: true, title: 'src', ...more });

/** With limits of their own. */
function limited(info: SessionInfo, values: Partial<SessionInfo['limits']['values']>): SessionInfo {
  return { ...info, limits: { ...info.limits, values: { ...info.limits.values, ...values } } };
}

const wasReset = (n: number, expired: LimitReason, more: Partial<SessionInfo> = {}): SessionInfo =>
  limited(
    over(
      n,
      { ...PLAIN_END, reason: 'auto_reset', expired, limitSeconds: expired === 'command_limit' ? null : 900 },
      more,
    ),
    { onExpiry: 'reset', maxCommands: expired === 'command_limit' ? 20 : 0 },
  );

function frozenBy(n: number, expired: LimitReason, more: Partial<SessionInfo> = {}): SessionInfo {
  const info = fakeSession(n, { title: 'agent', state: 'frozen', frozenBy: expired, ...more });
  const timing = { ...info.timing, idleRemainingMs: null, maxRemainingMs: null, thawRemainingMs: 552_000 };
  return limited({ ...info, timing }, { onExpiry: 'freeze' });
}

const CREDENTIALS: readonly CredentialState[] = [
  { env: 'GITHUB_TOKEN', state: 'ready', message: null },
  {
    env: 'NPM_TOKEN',
    state: 'missing',
    message: 'op read op://dev/npm/token ended with status 1: you are not signed in',
  },
  { env: 'AWS_SESSION_TOKEN', state: 'stale', message: 'aws sts get-session-token took longer than 30 s' },
];

const REVOKED = 'The administrator’s policy (/etc/sandglass/policy.json) no longer allows local shells';

function revoked(n: number): SessionInfo {
  const warning = { deadline: 'policy', beforeSeconds: 10, stage: 0, last: true } as const;
  const info = fakeSession(n, { title: 'src', warning, revocation: REVOKED });
  return { ...info, timing: { ...info.timing, revokedRemainingMs: 9_400 } };
}

/** What is left of sessions, what their limits do to them, and what they were given. */
export const ENDING_SCENES: Readonly<Record<string, () => SessionInfo[]>> = {
  crashed: () => [
    crashed(1),
    crashed(2, { title: 'agent', profileId: 'gone', profileName: 'An agent, once' }),
    fakeSession(3),
  ],
  revoked: () => [revoked(1), over(2, { ...PLAIN_END, reason: 'revoked', detail: REVOKED }, { title: 'build' })],
  wasRevoked: () => [over(1, { ...PLAIN_END, reason: 'revoked', detail: REVOKED }, { title: 'build' }), fakeSession(2)],
  crashedGone: () => [crashed(1, { profileId: 'gone', profileName: 'An agent, once' })],
  autoReset: () => [
    wasReset(1, 'idle_timeout', { title: 'kiosk' }),
    fakeSession(2),
    fakeSession(3, { title: 'other' }),
  ],
  autoResetCommands: () => [wasReset(1, 'command_limit')],
  autoResetGone: () => [wasReset(1, 'max_duration', { profileId: 'gone', profileName: 'An agent, once' })],
  frozenIdle: () => [frozenBy(1, 'idle_timeout'), fakeSession(2)],
  frozenMax: () => [frozenBy(1, 'max_duration'), frozenBy(2, 'idle_timeout')],
  frozenSpent: () => [frozenBy(1, 'max_duration', { extensions: { used: 2, count: 2, seconds: 1_800 } })],
  credentials: () => [
    limited(
      fakeSession(1, {
        credentials: [...CREDENTIALS],
        commands: { used: 7, source: 'marks' },
      }),
      { maxCommands: 20 },
    ),
    fakeSession(2, { title: 'other', credentials: CREDENTIALS.slice(0, 1) }),
  ],
};
