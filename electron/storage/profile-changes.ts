import { RequestError } from '../../shared/errors.ts';
import { LOCAL_PROFILE_ID, PRESETS, type Profile } from '../../shared/profile.ts';
import { checkProfile } from '../../shared/profile-check.ts';
import { policySource } from './policy.ts';
import type { PolicyState } from './settings-store.ts';

/** As many profiles as the settings file may have. */
export const MAX_PROFILES = 200;

/** As long as all profiles together may be as JSON, in UTF-16 units: every window gets them all, in one message. */
const MAX_PROFILES_LENGTH = 524_288;

/** Where a profile is put: before the one of that id, at the end (null), or where it is (undefined; new ones at the end). */
export type ProfilePlace = string | null | undefined;

/** Refuses a profile that makes no sense, or that the policy does not allow. Throws `RequestError`. */
export function assertProfile(profile: Profile, policy: PolicyState, platform: string): void {
  if (!policy.ok && Object.keys(profile.limits).length > 0) throw new RequestError('policy_unreadable', policy.message);
  const rules = policy.ok ? policy.policy : { minimumTimeoutSeconds: 1 };
  const [issue] = checkProfile(profile, rules, platform);
  if (issue === undefined) return;
  const why = issue.byPolicy && policy.ok ? ` (${policySource(policy)})` : '';
  throw new RequestError('invalid_setting', `${issue.message}${why}.`, { field: `profile.${issue.field}` });
}

/** The profiles with this one added, or in the place of the one with its id. Throws `RequestError` when it is too much. */
export function withProfile(profiles: readonly Profile[], profile: Profile, place?: ProfilePlace): readonly Profile[] {
  const index = profiles.findIndex(({ id }) => id === profile.id);
  if (index < 0 && profiles.length >= MAX_PROFILES) {
    throw new RequestError('invalid_setting', `There can be at most ${MAX_PROFILES} profiles. Delete one first.`);
  }
  const stays = place === undefined || place === profile.id;
  const next = stays && index >= 0 ? profiles.with(index, profile) : placed(profiles, profile, place);
  if (JSON.stringify(next).length > MAX_PROFILES_LENGTH) {
    throw new RequestError(
      'invalid_setting',
      `All profiles together are too long (more than ${MAX_PROFILES_LENGTH / 1_024} kB). Shorten arguments or variables.`,
    );
  }
  return next;
}

function placed(profiles: readonly Profile[], profile: Profile, before: ProfilePlace): readonly Profile[] {
  const others = profiles.filter(({ id }) => id !== profile.id);
  const at = others.findIndex(({ id }) => id === before);
  // The one it was to be before may just have been deleted elsewhere.
  return at < 0 ? [...others, profile] : others.toSpliced(at, 0, profile);
}

/** The profiles without this one. Throws `RequestError` for the local shell, and for one that is not there. */
export function withoutProfile(profiles: readonly Profile[], id: string): readonly Profile[] {
  if (id === LOCAL_PROFILE_ID) {
    throw new RequestError('invalid_setting', 'The local shell cannot be deleted. Reset restores its defaults.');
  }
  const others = profiles.filter((profile) => profile.id !== id);
  if (others.length === profiles.length) {
    throw new RequestError('invalid_setting', 'This profile no longer exists.');
  }
  return others;
}

/** The profiles with this one as it came with the app. Throws `RequestError` for one that did not come with it. */
export function withPreset(profiles: readonly Profile[], id: string): readonly Profile[] {
  const index = PRESETS.findIndex((candidate) => candidate.id === id);
  const preset = PRESETS[index];
  if (preset === undefined) {
    throw new RequestError('invalid_setting', 'Only profiles that come with Sandglass can be reset.');
  }
  if (profiles.some((profile) => profile.id === id)) return withProfile(profiles, preset);
  // A deleted one comes back after those that come before it.
  const earlier = PRESETS.slice(0, index).map((candidate) => candidate.id);
  const after = profiles.findLastIndex((profile) => earlier.includes(profile.id));
  return withProfile(profiles, preset, profiles[after + 1]?.id ?? null);
}
