import type { ProcessIdentity } from './process-table.ts';

/** What has to go when the app dies before the session does. */
export interface TrackedSession {
  /** The shell, or the sandbox around it; null before it was started, and if it was gone before it was read. */
  readonly shell: ProcessIdentity | null;
  /**
   * Folders of the session's own cgroups, of any version and controller. Their names begin with `sandglass-`: no other
   * folder is touched.
   */
  readonly cgroups: readonly string[];
}

/**
 * Where backends register their processes, so that a process outside the app can end them if it dies. Calls return
 * at once and never throw.
 */
export interface ProcessTracker {
  /**
   * A session's processes. Called before the shell is started, with its cgroups alone, so that there is no moment in which
   * an app that dies leaves an unknown shell; and again when more is known. The last call counts.
   */
  session(sessionId: string, session: TrackedSession): void;
  /** A folder of private files that is to be removed with the session; below the system's folder for temporary files. */
  folder(sessionId: string, path: string): void;
  /** Nothing of the session is left: called after the close ladder, or when the start failed. */
  ended(sessionId: string): void;
}

/** Where a container engine is reached: a socket (on Windows a named pipe), or TCP with or without TLS. */
export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Before every path of the API; `/` unless a proxy wants another. */
      readonly pathPrefix: string;
      readonly tls: EngineTls | null;
    };

/** PEM texts; absent where there is none. */
export interface EngineTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What the labels `org.sandglass.owner.*` of this process's containers say. */
export interface OwnerLabels {
  readonly host: string;
  readonly pid: number | string;
  readonly start: number | string;
}

/** Until when a container runs without the app, if no other app takes it over. Without any bound: for an hour. */
export interface Survival {
  /**
   * When its session must have ended, in milliseconds of the machine's uptime, which is the same for every process, counts
   * suspended time, and does not follow the wall clock; null: no such time.
   */
  readonly endsAt: number | null;
  /** How long it may run after the app's death, in milliseconds; null: no such bound. */
  readonly idleMs: number | null;
}

/** Where the docker backend registers its containers. Calls return at once and never throw. */
export interface ContainerTracker {
  /**
   * Containers with these labels will be made at this engine. Called before the first is asked for: one whose id the app
   * did not live to learn is then found by them.
   */
  engine(address: EngineAddress, owner: OwnerLabels): void;
  /**
   * This one was made there, for a session or a pool, or was taken over. It goes with the app, or outlives its crash. The
   * last call counts.
   */
  created(containerId: string, address: EngineAddress, survival?: Survival | null): void;
  /** It is gone. */
  removed(containerId: string): void;
}

/** For apps and tests without a reaper. */
export const noTracker: ProcessTracker & ContainerTracker = {
  session() {},
  folder() {},
  ended() {},
  engine() {},
  created() {},
  removed() {},
};
