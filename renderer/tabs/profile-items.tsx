import { Menu } from '@base-ui/react/menu';
import { History, Pencil, RefreshCw } from 'lucide-react';
import type { Profile } from '../../shared/profile.ts';
import { checkBackends } from '../backends/actions.ts';
import { BackendLines } from '../backends/backend-lines.tsx';
import { MenuItem, MenuSeparator } from '../components/menu.tsx';
import { openProfiles } from '../profiles/actions.ts';
import { ProfileAbout, useAvailability } from '../profiles/profile-about.tsx';
import { showRecent } from '../recent/actions.ts';
import { useApp } from '../store/store.ts';
import { openTab } from './actions.ts';

/** What the menu at the new-tab button holds: the profiles, what is available now, and the way to change them. */
export function ProfileItems() {
  const profiles = useApp((state) => state.settings?.profiles) ?? [];
  const backends = useApp((state) => state.backends);
  return (
    <>
      {profiles.map((profile) => (
        <ProfileItem key={profile.id} profile={profile} />
      ))}
      <MenuSeparator />
      <Menu.Group>
        <Menu.GroupLabel className="backend-lines">
          <BackendLines />
        </Menu.GroupLabel>
        {backends.every(({ state }) => state !== 'unavailable') ? null : (
          <Menu.Item
            className="item"
            closeOnClick={false}
            data-testid="check-backends"
            onClick={() => void checkBackends()}
          >
            <RefreshCw className="icon" aria-hidden="true" />
            <span className="item-label">Check again</span>
          </Menu.Item>
        )}
        <MenuItem
          icon={<History className="icon" aria-hidden="true" />}
          label="Recent sessions"
          testId="menu-recent"
          onSelect={showRecent}
        />
        <MenuItem
          icon={<Pencil className="icon" aria-hidden="true" />}
          label="Edit profiles…"
          testId="edit-profiles"
          onSelect={() => openProfiles()}
        />
      </Menu.Group>
    </>
  );
}

/** One profile; an unavailable one stays within reach of the keyboard and says why. */
function ProfileItem({ profile }: { profile: Profile }) {
  return (
    <Menu.Item
      className="item choice-item"
      label={profile.name}
      disabled={useAvailability(profile) === 'unavailable'}
      data-testid={`menu-profile-${profile.id}`}
      onClick={() => void openTab({ profileId: profile.id })}
    >
      <ProfileAbout profile={profile} />
    </Menu.Item>
  );
}
