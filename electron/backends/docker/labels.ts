/** The labels that every container of this app carries, so that what a crash has left is found and nothing else is touched. */
export const LABELS = {
  /** `1` on every container of Sandglass. */
  app: 'org.sandglass.app',
  /** The data folder's own id: two installations do not clean up after each other. */
  installation: 'org.sandglass.installation',
  /** Host name, pid and start time of the process that owns it. */
  ownerHost: 'org.sandglass.owner.host',
  ownerPid: 'org.sandglass.owner.pid',
  /** As the process table gives it; with the pid it names one process for good. */
  ownerStart: 'org.sandglass.owner.start',
  /** The session; empty while it waits in a pool. */
  session: 'org.sandglass.session',
  profile: 'org.sandglass.profile',
  /** The name that the container was made with. */
  container: 'org.sandglass.container',
  /** `session` or `pool`. */
  role: 'org.sandglass.role',
  /** Milliseconds since the epoch after which nobody needs it; absent without a maximum duration. */
  endsAt: 'org.sandglass.ends-at',
} as const;

/**
 * Whether labels are the container's own. An image that was made of a container (`docker commit`) bears its labels, and so
 * does whatever the user runs from that image: it has another name, and is the user's.
 *
 * @param names all names that the engine gives it, with or without a slash in front
 */
export function areOwnLabels(labels: Readonly<Record<string, string>>, names: readonly string[]): boolean {
  const made = labels[LABELS.container];
  return made === undefined || names.some((name) => name.replace(/^\//, '') === made);
}
