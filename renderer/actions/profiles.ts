import { useProfiles } from '../profiles/state.ts';
import { openSettings } from './tabs.ts';

/** Shows the profile editor on the settings page, with this profile where an id is given. */
export function openProfiles(id?: string): void {
  useProfiles.setState(id === undefined ? { view: 'profiles' } : { view: 'profiles', selected: id });
  openSettings();
}
