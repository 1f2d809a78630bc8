import { useEffect, useRef } from 'react';
import type { SettingsView } from '../../shared/settings.ts';
import { ProfileEditor } from './profile-editor.tsx';
import { ProfileList } from './profile-list.tsx';
import { listedProfiles, useProfiles } from './state.ts';

/** All profiles and the form of one. Where there is no room for both, one at a time. */
export function ProfilesPage({ view, active }: { view: SettingsView; active: boolean }) {
  const selected = useProfiles((state) => state.selected);
  const drafts = useProfiles((state) => state.drafts);
  const root = useRef<HTMLDivElement>(null);
  const list = listedProfiles(view.profiles, drafts);
  const chosen = list.find(({ profile }) => profile.id === selected) ?? null;
  const shown = chosen ?? list[0] ?? null;
  const shownId = shown?.profile.id ?? null;
  const isNew = chosen?.unsaved ?? false;
  useEffect(() => {
    if (!active || shownId === null) return;
    root.current?.closest('.settings-body')?.scrollTo(0, 0);
    if (isNew) {
      // A menu gives the focus back to its button first.
      const frame = requestAnimationFrame(() => {
        root.current?.querySelector<HTMLInputElement>('[data-testid="profile-name"] input')?.select();
      });
      return () => cancelAnimationFrame(frame);
    }
    const item = root.current?.querySelector<HTMLElement>(`[data-profile="${shownId}"]`);
    // In a narrow window the form stands in the list's place.
    if (item !== undefined && item !== null && item.offsetParent !== null) item.focus();
    else root.current?.querySelector<HTMLElement>('#profile-title')?.focus();
    return undefined;
  }, [active, shownId, isNew]);
  return (
    <div ref={root} className="profiles" data-chosen={chosen !== null || undefined} data-testid="profiles-page">
      <ProfileList list={list} shown={shownId} />
      {shown === null ? null : <ProfileEditor key={shown.profile.id} listed={shown} list={list} view={view} />}
    </div>
  );
}
