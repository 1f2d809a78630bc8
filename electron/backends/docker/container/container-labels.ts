import { LABELS } from '../fleet/labels.ts';

/** Whose containers these are: named in their labels, so that what a crash has left is found. */
export interface ContainerOwner {
  /** The data folder's own id. */
  readonly installation: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, as the process table gives it. */
  readonly start: number | string;
}

/** What a container is made for: one session, or a pool that hands it to a session later. */
export type ContainerPurpose =
  | {
      readonly role: 'session';
      readonly sessionId: string;
      readonly endsAt: number | null;
      /** Seconds without activity after which the session ends, extensions included; null without an idle timeout. */
      readonly longestIdleSeconds: number | null;
    }
  | { readonly role: 'pool' };

/** What labels say of a container. */
export interface LabelledContainer {
  readonly name: string;
  readonly owner: ContainerOwner;
  readonly purpose: ContainerPurpose;
  readonly profileId: string;
  readonly options: { readonly survive: boolean };
}

/**
 * A container's labels. They cannot be changed later: a container of a pool keeps the role `pool` and an empty session
 * also while a session runs in it. Those who clean up go by its owner, which is the same process all along, but for a
 * container that has outlived it: then its name says who has taken it over.
 */
export function containerLabels(request: LabelledContainer): Record<string, string> {
  const { name, owner, purpose, profileId, options } = request;
  const isSession = purpose.role === 'session';
  return {
    [LABELS.app]: '1',
    [LABELS.installation]: owner.installation,
    [LABELS.ownerHost]: owner.host,
    [LABELS.ownerPid]: String(owner.pid),
    [LABELS.ownerStart]: String(owner.start),
    [LABELS.session]: isSession ? purpose.sessionId : '',
    [LABELS.profile]: profileId,
    [LABELS.container]: name,
    [LABELS.role]: purpose.role,
    ...(isSession && purpose.endsAt !== null ? { [LABELS.endsAt]: String(Math.round(purpose.endsAt)) } : {}),
    ...(isSession && purpose.longestIdleSeconds !== null ? { [LABELS.idle]: String(purpose.longestIdleSeconds) } : {}),
    ...(options.survive ? { [LABELS.survives]: '1' } : {}),
  };
}
