import { ChevronDown, Plus, RotateCcw, ShieldAlert } from 'lucide-react';
import type { BackendStatus } from '../../shared/backends.ts';
import { PRESETS } from '../../shared/profile.ts';
import { BACKEND_NAMES } from '../backends/messages.ts';
import { BackendIcon } from '../components/backend-icon.tsx';
import { Button } from '../components/button.tsx';
import { DropMenu, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { walkList } from '../components/walk-list.ts';
import { useApp } from '../store/store.ts';
import { deletedPresets, newProfile, resetProfile, selectProfile } from './actions.ts';
import { draftOf } from './draft.ts';
import type { ListedProfile } from './state.ts';
import { openings, profileLine } from './summary.ts';

/** All profiles, and the ways to more of them. */
export function ProfileList({ list, shown }: { list: readonly ListedProfile[]; shown: string | null }) {
  const backends = useApp((state) => state.backends);
  return (
    <nav className="profile-list" aria-label="Profiles">
      <NewProfile list={list} />
      <ul onKeyDown={walkList}>
        {list.map((listed) => (
          <li key={listed.profile.id}>
            <ListItem
              listed={listed}
              current={listed.profile.id === shown}
              status={backends.find(({ kind }) => kind === listed.profile.backend)}
            />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ListItem({
  listed: { profile, draft, unsaved },
  current,
  status,
}: {
  listed: ListedProfile;
  current: boolean;
  status: BackendStatus | undefined;
}) {
  const values = draft?.values ?? draftOf(profile);
  const open = Object.keys(openings(values)).length > 0;
  const missing = status?.state === 'unavailable';
  return (
    <button
      type="button"
      className="profile-item"
      aria-current={current}
      data-testid="profile-item"
      data-profile={profile.id}
      onClick={() => selectProfile(profile.id)}
    >
      <BackendIcon backend={profile.backend} />
      <span className="profile-item-words">
        <span className="profile-item-name">{values.name.trim() === '' ? 'Unnamed' : values.name}</span>
        <span className="visually-hidden">, {BACKEND_NAMES[profile.backend]}</span>
        <span className="profile-item-line">{profileLine(values)}</span>
        {missing ? (
          <span className="profile-item-line profile-missing" title={`${status.message}. ${status.hint}`}>
            Not available now
          </span>
        ) : null}
        {draft === null ? null : <span className="profile-unsaved">{unsaved ? 'New, not saved' : 'Not saved'}</span>}
      </span>
      {open ? (
        <>
          <ShieldAlert className="icon profile-open-mark" aria-hidden="true" />
          <span className="visually-hidden">, loosened</span>
        </>
      ) : null}
    </button>
  );
}

function NewProfile({ list }: { list: readonly ListedProfile[] }) {
  const deleted = deletedPresets(list.map(({ profile }) => profile));
  return (
    <DropMenu
      trigger={
        <Button className="profile-new" data-testid="new-profile">
          <Plus className="icon" aria-hidden="true" />
          New profile
          <ChevronDown className="icon" aria-hidden="true" />
        </Button>
      }
    >
      {PRESETS.map((preset) => (
        <MenuItem
          key={preset.id}
          icon={<BackendIcon backend={preset.backend} />}
          label={preset.name}
          testId={`new-profile-${preset.id}`}
          onSelect={() => newProfile(preset)}
        />
      ))}
      {deleted.length > 0 ? <MenuSeparator /> : null}
      {deleted.map((preset) => (
        <MenuItem
          key={preset.id}
          icon={<RotateCcw className="icon" aria-hidden="true" />}
          label={`Restore ${preset.name}`}
          testId={`restore-profile-${preset.id}`}
          onSelect={() => void resetProfile(preset.id)}
        />
      ))}
    </DropMenu>
  );
}
