import { allowsKind } from '../../shared/policy-objection.ts';
import type { BackendKind } from '../../shared/profile.ts';
import { useApp } from '../store/store.ts';

/** Whether there still is a profile of this id: without it, nothing can be opened in a session's place. */
export function useHasProfile(profileId: string): boolean {
  // Until the settings have arrived, no profile counts as missing.
  return useApp(({ settings }) => settings?.profiles.some(({ id }) => id === profileId) ?? true);
}

/** Whether the policy in force lets sessions of this kind be opened. */
export function useAllows(kind: BackendKind): boolean {
  return useApp(({ settings }) => settings === null || allowsKind(settings.policy, kind));
}
