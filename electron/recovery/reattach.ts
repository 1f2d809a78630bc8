import { join } from 'node:path';
import { allowsKind } from '../../shared/policy-objection.ts';
import type { Profile } from '../../shared/profile.ts';
import { RECORDING_FILE } from '../../shared/recording.ts';
import type { Logger } from '../base/logger.ts';
import type { UnfinishedSession } from '../journal/journal.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import { effectiveLimits } from '../sessions/limits/effective-limits.ts';
import type { SessionManager } from '../sessions/manager.ts';
import { restoreSession } from '../sessions/resume.ts';
import type { SettingsStore } from '../storage/settings-store.ts';

export interface ReattachOptions {
  readonly manager: Pick<SessionManager, 'resume'>;
  readonly settings: Pick<SettingsStore, 'effective' | 'policy' | 'profile'>;
  readonly recorders: Pick<RecorderFactory, 'folderOf' | 'reopen'>;
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  readonly logger: Logger;
}

/** The size of a terminal whose recording does not say it. */
const SIZE = { cols: 80, rows: 24 } as const;

/**
 * Resumes a session that has outlived a crash of the app, under the limits that hold now: its profile has to exist and still
 * say that its sessions survive, its deadlines must not have passed meanwhile, and its container has to run.
 *
 * @returns false where it is not resumed: it is to be given an end, and the sweep removes its container.
 */
export async function reattachSession(unfinished: UnfinishedSession, options: ReattachOptions): Promise<boolean> {
  const { manager, settings, recorders, logger } = options;
  const { record } = unfinished;
  const { policy } = settings;
  const profile = profileOf(unfinished, settings);
  if (profile === null || !policy.ok || !allowsKind(policy.policy, profile.backend)) return false;
  const limits = effectiveLimits({ settings: settings.effective, policy: policy.policy, profile });
  const recording = await recorders.reopen(record.id);
  const lastEventMs = recording.ok ? recording.lastEventMs : 0;
  const found = restoreSession(unfinished, { limits, lastEventMs, wallMs: options.wall() });
  if (!found.ok) {
    logger.info({ session: record.id, why: found.why }, 'A session that had outlived a crash cannot be resumed');
    return false;
  }
  const { restored } = found;
  const { cols, rows } = recording.ok ? recording : SIZE;
  const { id, previousId, title } = record;
  const named = title === record.profile.name ? {} : { title };
  const session = { id, previousId, profile, limits, cols, rows, restored, ...named };
  const recordingFile = join(recorders.folderOf(id), RECORDING_FILE);
  return manager.resume(session, { record, restored, recording, recordingFile });
}

/** The session's profile as it holds now; null where its sessions do not outlive a crash (any more). */
function profileOf({ record }: UnfinishedSession, settings: ReattachOptions['settings']): Profile | null {
  if (record.backend !== 'docker') return null;
  const { policy } = settings;
  const profile = settings.profile(record.profile.id);
  if (profile?.backend !== 'docker' || !profile.container.survive) return null;
  const isRequired = policy.ok && policy.policy.requireRecording === true;
  return isRequired ? { ...profile, recording: 'required' } : profile;
}
