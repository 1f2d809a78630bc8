import type { Profile, ProfileOf } from '../../../shared/profile.ts';

/** A profile for tests. */
export function profileWith(values: Partial<ProfileOf<'pty'>> = {}): Profile {
  return {
    id: 'local',
    name: 'Local shell',
    backend: 'pty',
    args: [],
    environment: {},
    limits: {},
    recording: 'on',
    credentials: [],
    ...values,
  };
}
