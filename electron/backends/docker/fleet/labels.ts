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
  /** Milliseconds since the epoch after which it is not needed; absent without a maximum duration. */
  endsAt: 'org.sandglass.ends-at',
  /** Seconds without activity after which its session ends; absent without an idle timeout. */
  idle: 'org.sandglass.idle-seconds',
  /** `1` on a container that outlives a crash of the app. */
  survives: 'org.sandglass.survives',
} as const;

/** The process that a container belongs to, as labels and names have it. */
export interface NamedOwner {
  readonly pid: string;
  readonly start: string;
}

/**
 * What stands behind the name that a container was made with, once another app has taken it over. Labels stay as they
 * are for good, but a container can be given another name, in one step and by its present name: of two that would take
 * it over, or of one that would and one that removes it, only the first succeeds.
 */
const ADOPTED = /\.by-(\d{1,10})-([0-9A-Za-z_.]{1,40})$/;

/** The name of a container that this process has taken over. */
export function adoptedName(
  made: string,
  owner: { readonly pid: number | string; readonly start: number | string },
): string {
  return `${made}.by-${owner.pid}-${nameable(owner.start)}`;
}

/** Who has taken a container over, by its name; null when it is still whose labels say. */
export function adopterIn(names: readonly string[]): NamedOwner | null {
  for (const name of names) {
    const [, pid, start] = ADOPTED.exec(name) ?? [];
    if (pid !== undefined && start !== undefined) return { pid, start };
  }
  return null;
}

/** Whose container it is now: who has taken it over last, or else who made it; null where its labels do not say. */
export function ownerIn(labels: Readonly<Record<string, string>>, names: readonly string[]): NamedOwner | null {
  const adopter = adopterIn(names);
  if (adopter !== null) return adopter;
  const pid = labels[LABELS.ownerPid] ?? '';
  const start = labels[LABELS.ownerStart] ?? '';
  return pid === '' || start === '' ? null : { pid, start };
}

/** Whether both name the same process. */
export function isSameOwner(
  a: { readonly pid: number | string; readonly start: number | string },
  b: { readonly pid: number | string; readonly start: number | string },
): boolean {
  return String(a.pid) === String(b.pid) && nameable(a.start) === nameable(b.start);
}

/** A start time in the letters that a container's name may have. */
function nameable(start: number | string): string {
  return String(start).replace(/[^0-9A-Za-z_.]/g, '_');
}

/**
 * Whether labels are the container's own. An image that was made of a container (`docker commit`) bears its labels, and so
 * does whatever the user runs from that image: it has another name, and is the user's. A container that was taken over
 * has the old name and more.
 *
 * @param names all names that the engine gives it, with or without a slash in front
 */
export function areOwnLabels(labels: Readonly<Record<string, string>>, names: readonly string[]): boolean {
  const made = labels[LABELS.container];
  return made === undefined || names.some((name) => name.replace(/^\//, '').replace(ADOPTED, '') === made);
}
