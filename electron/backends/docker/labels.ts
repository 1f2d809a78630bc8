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
  /** `session` or `pool`. */
  role: 'org.sandglass.role',
  /** Milliseconds since the epoch after which nobody needs it; absent without a maximum duration. */
  endsAt: 'org.sandglass.ends-at',
} as const;
