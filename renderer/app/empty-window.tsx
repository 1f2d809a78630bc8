import { Hourglass, Pencil, RefreshCw } from 'lucide-react';
import type { Profile } from '../../shared/profile.ts';
import { checkBackends } from '../backends/actions.ts';
import { BackendLines } from '../backends/backend-lines.tsx';
import { Button } from '../components/button.tsx';
import { useShortcut } from '../components/window-context.ts';
import { openProfiles } from '../profiles/actions.ts';
import { ProfileAbout, useAvailability } from '../profiles/profile-about.tsx';
import { RecentSessions } from '../recent/recent-sessions.tsx';
import { useRecent } from '../recent/state.ts';
import { useApp } from '../store/store.ts';
import { openTab } from '../tabs/actions.ts';

/** Recent sessions that an empty window shows before it is asked for more. */
const RECENT_AT_FIRST = 4;

/** A window without tabs: what to do, in one line, and the profiles to do it with. */
export function EmptyWindow() {
  const profiles = useApp((state) => state.settings?.profiles) ?? [];
  const unavailable = useApp((state) => state.backends.some(({ state: found }) => found === 'unavailable'));
  const keys = useShortcut('newTab');
  return (
    <div className="empty" data-testid="empty-window">
      <Hourglass className="empty-mark" aria-hidden="true" />
      <p>
        Open a session to get a terminal that closes on time.
        {keys === null ? null : <span className="muted"> Or press {keys}.</span>}
      </p>
      <ul className="empty-profiles" aria-label="Profiles">
        {profiles.map((profile) => (
          <li key={profile.id}>
            <ProfileButton profile={profile} />
          </li>
        ))}
      </ul>
      <EmptyRecent />
      <div className="empty-foot">
        <div className="backend-lines">
          <BackendLines />
        </div>
        <div className="actions">
          {unavailable ? (
            <Button variant="ghost" data-testid="check-backends" onClick={() => void checkBackends()}>
              <RefreshCw className="icon" aria-hidden="true" />
              Check again
            </Button>
          ) : null}
          <Button variant="ghost" data-testid="edit-profiles" onClick={() => openProfiles()}>
            <Pencil className="icon" aria-hidden="true" />
            Edit profiles…
          </Button>
        </div>
      </div>
    </div>
  );
}

/** Opens a profile. An unavailable one keeps its place and says why. */
function ProfileButton({ profile }: { profile: Profile }) {
  const unavailable = useAvailability(profile) === 'unavailable';
  return (
    <button
      type="button"
      className="choice-card"
      aria-disabled={unavailable}
      data-testid={`profile-${profile.id}`}
      onClick={() => (unavailable ? undefined : void openTab({ profileId: profile.id }))}
    >
      <ProfileAbout profile={profile} />
    </button>
  );
}

/** What was open before, where anything was. */
function EmptyRecent() {
  const any = useRecent(({ entries, failure }) => (entries?.length ?? 0) > 0 || failure !== null);
  return (
    <section className="recent recent-box" data-testid="recent" aria-labelledby="recent-title" hidden={!any}>
      <h2 id="recent-title">Recent sessions</h2>
      <RecentSessions first={RECENT_AT_FIRST} none={null} />
    </section>
  );
}
