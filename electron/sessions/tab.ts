import type { Profile } from '../../shared/profile.ts';
import type { Remains } from './ended-session.ts';
import { Session } from './session.ts';

/** Whether it ended so that a fresh one takes its place. */
export function makesWay({ ended }: Session): boolean {
  return ended?.reason === 'auto_reset' || ended?.reason === 'reset';
}

/** The profile that a tab's session has or had; none without a tab. */
export function profileIdOf(tab: Session | Remains | undefined): string | undefined {
  return tab instanceof Session ? tab.profile.id : tab?.profileId;
}

/** A tab that somebody has named keeps its name. */
export function titleAfter(previous: Session | Remains | undefined, profile: Profile): { title?: string } {
  const title = profileIdOf(previous) === profile.id ? (previous?.customTitle ?? null) : null;
  return title === null ? {} : { title };
}
