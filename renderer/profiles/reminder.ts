import { useEffect } from 'react';
import { showReminder } from '../toasts/toasts.ts';
import { openProfiles } from './actions.ts';
import { useProfiles } from './state.ts';

/** Says so when the settings page is left with profiles that are not saved. They are kept while the window is open. */
export function useUnsavedReminder(active: boolean): void {
  useEffect(() => {
    if (!active) return undefined;
    return () => {
      const drafts = Object.values(useProfiles.getState().drafts);
      const [first] = drafts;
      if (first === undefined) return;
      const what = drafts.length === 1 ? `“${first.values.name}” is` : `${drafts.length} profiles are`;
      showReminder('profiles-unsaved', `${what} not saved`, 'Your changes are kept while this window is open.', {
        label: 'Show',
        run: () => openProfiles(first.base.id),
      });
    };
  }, [active]);
}
