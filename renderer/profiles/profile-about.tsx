import { Fragment } from 'react';
import type { Profile } from '../../shared/profile.ts';
import { availability } from '../backends/messages.ts';
import { BackendIcon } from '../components/backend-icon.tsx';
import { useApp } from '../store/store.ts';
import { homeOf, profileSummary } from './messages.ts';

/** Whether a session of this profile is available now. */
export function useAvailability(profile: Profile): 'available' | 'checking' | 'unavailable' {
  return useApp(({ backends, settings }) => availability(backends, profile.backend, settings?.policy).state);
}

/**
 * A profile to choose: icon, name, and in a second line its summary, or why it is unavailable. What would help is shown once
 * for all of its kind in the line below the profiles; here it is only said aloud.
 */
export function ProfileAbout({ profile }: { profile: Profile }) {
  const home = useApp((state) => homeOf(state.info));
  const backends = useApp((state) => state.backends);
  const policy = useApp((state) => state.settings?.policy);
  const found = availability(backends, profile.backend, policy);
  return (
    <>
      <BackendIcon backend={profile.backend} />
      <span className="choice-text">
        <span className="choice-name">{profile.name}</span>
        <span className="choice-about">
          {found.state === 'unavailable' ? (
            <>
              {found.message}
              <span className="visually-hidden">{found.hint}</span>
            </>
          ) : (
            <Summary parts={profileSummary(profile, home)} />
          )}
        </span>
      </span>
    </>
  );
}

/** Lines break between the parts rather than in them. */
function Summary({ parts }: { parts: readonly string[] }) {
  return parts.map((part, index) => (
    <Fragment key={part}>
      {index === 0 ? null : ' · '}
      <span className="summary-part">{part}</span>
    </Fragment>
  ));
}
