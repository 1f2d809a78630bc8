import { create } from 'zustand';

/** What the settings page shows, and of which profile. */
export interface ProfilesState {
  /** The part of the settings page that is shown. */
  view: 'settings' | 'profiles';
  /** The profile in the editor; null: none was chosen yet, the first is shown. */
  selected: string | null;
}

export const useProfiles = create<ProfilesState>()(() => ({ view: 'settings', selected: null }));
