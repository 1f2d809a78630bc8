import type { HistoryEntry } from '../../shared/history.ts';
import type { SessionEnd } from '../../shared/session.ts';
import { endedWith, fakeId } from './fake-session.ts';

const HOUR_MS = 3_600_000;
const START = Date.now();
const NONE = { limitSeconds: null, signal: null, exitCode: null } as const;

const KINDS: readonly (Partial<HistoryEntry> & { ended: Partial<SessionEnd> })[] = [
  { title: 'src', ended: { expired: 'idle_timeout' } },
  {
    title: 'pr 142',
    profileId: 'review',
    profileName: 'Review a pull request',
    backend: 'bubblewrap',
    ended: { ...NONE, reason: 'exited', exitCode: 1, durationSeconds: 48 },
  },
  {
    title: 'nightly build with a title that is longer than there is room for',
    profileId: 'build',
    profileName: 'Build with network',
    backend: 'docker',
    ended: { ...NONE, reason: 'app_crash', durationSeconds: 9_312 },
  },
  {
    title: 'agent',
    profileId: 'gone',
    profileName: 'An agent, once',
    backend: 'docker',
    ended: { reason: 'auto_reset', expired: 'max_duration', limitSeconds: 3_600, durationSeconds: 3_600 },
  },
  { title: 'bash', recordingBytes: null, ended: { ...NONE, reason: 'closed', durationSeconds: 4 } },
];

/** Made-up sessions of earlier runs, the latest first. */
export function fakeHistory(count: number): HistoryEntry[] {
  return Array.from({ length: count }, (_, index): HistoryEntry => {
    const { ended, ...entry } = KINDS[index % KINDS.length] ?? { ended: {} };
    const startedAt = START - (index + 1) * 5 * HOUR_MS;
    const end = endedWith(ended);
    return {
      // Below the ids of sessions that are open.
      id: fakeId(900_000 - index).replace('01KAHVX', '01KAHVW'),
      previousId: null,
      profileId: 'local',
      profileName: 'Local shell',
      backend: 'pty',
      title: 'bash',
      startedAt,
      end: { ...end, at: startedAt + end.durationSeconds * 1_000 },
      recordingBytes: 412_331,
      ...entry,
    };
  });
}
