import { create } from 'zustand';
import type { EngineOffers } from '../../shared/backends.ts';
import type { MethodOutput } from '../../shared/contract.ts';
import type { ProfileField } from '../../shared/labels.ts';
import type { Profile } from '../../shared/profile.ts';
import { type Draft, draftOf, sameDraft } from './draft.ts';

/** Why the core did not take a profile; `field` where it named one. */
interface Refusal {
  readonly field: ProfileField | null;
  readonly message: string;
}

/** A profile that is being changed: it stays until it is saved or discarded, whatever else is opened meanwhile. */
export interface DraftEntry {
  /** What the form began as. */
  readonly base: Profile;
  /** It was never saved. */
  readonly isNew: boolean;
  /** The profile that a new one is put before; null: at the end. */
  readonly before: string | null;
  readonly values: Draft;
  /** Whether the user has tried to save it: then every field shows what is wrong with it. */
  readonly attempted: boolean;
  readonly refusal: Refusal | null;
}

/** The parts of the settings page. */
export type SettingsPart = 'settings' | 'profiles' | 'hooks';

export interface ProfilesState {
  /** The part of the settings page that is shown. */
  view: SettingsPart;
  /** The profile in the editor; null: none was chosen, the first is shown where there is room. */
  selected: string | null;
  /** By profile id; only of profiles that differ from what is stored. */
  drafts: Readonly<Record<string, DraftEntry>>;
  /** The profile that is being saved. */
  saving: string | null;
  /** The profile that was saved last, while nothing else has been done. */
  saved: string | null;
  /** What the container engine offers; null until it has answered. */
  offers: EngineOffers | null;
  /** Which secrets are stored, and why none can be; null until the core has answered. Values are never here. */
  secrets: MethodOutput<'credentials.list'> | null;
  /** Why the stored secrets could not be listed. */
  secretsFailure: string | null;
}

const INITIAL_STATE: ProfilesState = {
  view: 'settings',
  selected: null,
  drafts: {},
  saving: null,
  saved: null,
  offers: null,
  secrets: null,
  secretsFailure: null,
};

export const useProfiles = create<ProfilesState>()(() => INITIAL_STATE);

/** The drafts after a change of one form. A form that holds again what it began with is no draft any more. */
export function edited(
  drafts: ProfilesState['drafts'],
  profile: Profile,
  change: Partial<Draft>,
): ProfilesState['drafts'] {
  const entry = drafts[profile.id] ?? {
    base: profile,
    isNew: false,
    before: null,
    values: draftOf(profile),
    attempted: false,
    refusal: null,
  };
  const values = { ...entry.values, ...change };
  if (!entry.isNew && sameDraft(values, draftOf(entry.base))) return without(drafts, profile.id);
  const settled = entry.refusal?.field !== null && entry.refusal !== null && !(entry.refusal.field in change);
  return { ...drafts, [profile.id]: { ...entry, values, refusal: settled ? entry.refusal : null } };
}

/** The drafts without one. */
export function without(drafts: ProfilesState['drafts'], id: string): ProfilesState['drafts'] {
  const { [id]: _, ...others } = drafts;
  return others;
}

/** A profile in the list: as it is stored, or as it will be. */
export interface ListedProfile {
  readonly profile: Profile;
  readonly draft: DraftEntry | null;
  /** It is not stored: new, or deleted elsewhere while it was being changed. */
  readonly unsaved: boolean;
}

/** All profiles in their order, new ones where they will be. */
export function listedProfiles(profiles: readonly Profile[], drafts: ProfilesState['drafts']): ListedProfile[] {
  const list: ListedProfile[] = profiles.map((profile) => ({
    profile,
    draft: drafts[profile.id] ?? null,
    unsaved: false,
  }));
  for (const draft of Object.values(drafts)) {
    if (list.some(({ profile }) => profile.id === draft.base.id)) continue;
    const at = list.findIndex(({ profile }) => profile.id === draft.before);
    list.splice(at < 0 ? list.length : at, 0, { profile: draft.base, draft, unsaved: true });
  }
  return list;
}

/** A profile like another, with an id of its own and a name that none of `names` is. */
export function copyOf(profile: Profile, name: string, names: ReadonlySet<string>): Profile {
  const id = `${profile.backend}-${crypto.randomUUID().slice(0, 8)}`;
  let unused = name;
  for (let n = 2; names.has(unused); n += 1) unused = `${name.slice(0, 72)} ${n}`;
  return { ...structuredClone(profile), id, name: unused };
}
