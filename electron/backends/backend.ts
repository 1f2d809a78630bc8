import type { BackendStatus } from '../../shared/backends.ts';
import type { BackendKind, BubblewrapOptions, ContainerOptions, LoginShell, Profile } from '../../shared/profile.ts';
import type {
  ContainerInfo,
  Containment,
  Isolation,
  SessionId,
  StartFailure,
  StartProgress,
  Survivor,
} from '../../shared/session.ts';
import type { ForegroundUsage } from '../processes/usage.ts';

/** A secret for a session: text in UTF-8 without zero bytes, to be copied at once, because it is overwritten later. */
export interface CredentialValue {
  /** The variable's name, and that of its file. */
  readonly env: string;
  readonly value: Uint8Array;
}

/** The secrets of a session that starts. */
export interface CredentialSupply {
  /** The names of all of them, those that are missing too. */
  readonly names: readonly string[];
  /** The values there are now. Taken as late as can be: others may have come while the start took its time. */
  take(): readonly CredentialValue[];
}

/** What a backend needs to start a session's shell. */
export interface StartSpec {
  readonly sessionId: SessionId;
  /** The shell to run; without it the user's login shell. */
  readonly shell?: string;
  readonly args: readonly string[];
  /** Whether it is a login shell; without it, as the settings have it. Not for containers. */
  readonly loginShell?: LoginShell;
  /** Where to start; without it the home folder. */
  readonly folder?: string;
  /** Added to (and over) the inherited environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** The profile it is for: a pool keeps what is ready by it. */
  readonly profileId: string;
  /** The sandbox to set up; given to the bubblewrap backend. */
  readonly bubblewrap?: BubblewrapOptions;
  /** The container to set up; given to the docker backend. */
  readonly container?: ContainerOptions;
  /** When the session ends at the latest, in milliseconds since the epoch; null without a maximum duration. */
  readonly endsAt: number | null;
  /** Absent where the profile has none. */
  readonly credentials?: CredentialSupply;
  /**
   * How long the session may go without activity at most, all extensions included, in seconds; null, or not given, without
   * an idle timeout. For those that outlive a crash of the app.
   */
  readonly longestIdleSeconds?: number | null;
}

/** A session that may run on although the app that had opened it is gone. */
export interface ReattachSpec
  extends Pick<StartSpec, 'sessionId' | 'profileId' | 'cols' | 'rows' | 'endsAt' | 'longestIdleSeconds'> {
  /** Its container as it was known last; null where that is not known. */
  readonly container: ContainerInfo | null;
  /** Whether the session was frozen, and is to be frozen again. */
  readonly isFrozen: boolean;
}

/** How the shell ended, as the kernel reported it. */
export interface ExitStatus {
  readonly exitCode: number | null;
  /** `SIGHUP`, …; null when it was not a signal. */
  readonly signal: string | null;
  /** What ended it, where that is more than the shell's own exit; without it, `exit`. */
  readonly cause?: 'exit' | 'out_of_memory' | 'backend_lost';
  /** More of it for people: what killed it, which engine was lost. */
  readonly detail?: string;
}

/** What runs in front: the shell itself at its prompt, or a command. */
export interface Foreground {
  readonly isShell: boolean;
  /** The command's name for people, e.g. `vim`; null where it is unknown. */
  readonly command: string | null;
}

/** What the close ladder achieved. */
export interface TerminationReport {
  readonly survivors: readonly Survivor[];
}

/** Receives a running shell's output and end. Set once, at start, so that nothing is missed. */
export interface BackendListener {
  /** Output, in order. The array is the listener's to keep: it is not written to again. */
  onData(bytes: Uint8Array): void;
  /** After a `write` that did not take everything: there may be room again. */
  onInputRoom(): void;
  /** The shell is gone and all its output has been delivered. Called exactly once, last. */
  onExit(status: ExitStatus): void;
  /** The progress of a start that takes a while. */
  onProgress?(progress: StartProgress): void;
}

/** A shell that runs. Every method may be called in any state; after the end they do nothing. */
export interface BackendProcess {
  /** The process id of the shell, or of the sandbox around it; null where this machine has none for it. */
  readonly pid: number | null;
  readonly command: string;
  readonly args: readonly string[];
  /** What isolation was found when it started, not what was asked for. */
  readonly isolation: Isolation;
  /** How `terminate` finds the whole tree. */
  readonly containment: Containment;
  /** The container it runs in; null for other backends. */
  readonly container: ContainerInfo | null;
  /**
   * Input for the shell, in order. Nothing is held back here beyond what a system buffer takes: a program that does not
   * read is felt by the caller.
   *
   * @returns how many of the bytes its terminal has accepted, from the first on. Where that is not all of them,
   * `onInputRoom` says when to try the rest.
   */
  write(bytes: Uint8Array): number;
  resize(cols: number, rows: number): void;
  /** Stops reading, so that a program that writes will block. */
  pause(): void;
  resume(): void;
  /** Resolves with what is in front now; cheap enough to ask on every key press of Enter. */
  foreground(): Promise<Foreground>;
  /**
   * Names of the programs beside the shell and what is in front: background jobs, and those detached from the terminal.
   * Where the foreground program is unknown, it counts as well. Empty where nothing is known. Reads the system's whole process
   * table. Never rejects.
   */
  background(): Promise<readonly string[]>;
  /**
   * What the command in the foreground has used so far; null while the shell itself is in front, and where it cannot be
   * found out. Reads the processes of that command alone.
   */
  foregroundUsage(): Promise<ForegroundUsage | null>;
  /** CPU time of all the session's processes together so far, in milliseconds; null where it is not available. */
  cpuTimeMs(): Promise<number | null>;
  /**
   * Stops the whole tree where it is (SIGSTOP), so that it writes nothing more, keeps reading, and resolves when
   * what was already on its way has been delivered: at most `timeoutMs` later. The next step is `terminate`, which lets
   * the tree continue (SIGCONT after SIGHUP). Where processes cannot be stopped it only waits for a short quiet.
   */
  settle(timeoutMs: number): Promise<void>;
  /**
   * Stops the whole tree where it is until `thaw`, without the programs noticing more than lost time. Output that
   * was on its way is kept.
   *
   * @returns null, or why it could not be done.
   */
  freeze(): Promise<string | null>;
  /** Resumes what `freeze` has stopped. @returns null, or why it could not be done. */
  thaw(): Promise<string | null>;
  /**
   * Replaces the files of these secrets, each as a whole. What programs have in their environment stays as it is. Absent
   * where there are none. Never rejects.
   *
   * @returns null, or why it could not be done, for a person.
   */
  updateCredentials?(values: readonly CredentialValue[]): Promise<string | null>;
  /**
   * Reads back all that a session which was reattached had got; the values are the caller's to overwrite. Absent where
   * sessions do not outlive the app. Never rejects.
   *
   * @returns null where they are not available.
   */
  readCredentials?(): Promise<CredentialValue[] | null>;
  /**
   * The close ladder: SIGHUP (and SIGCONT) to the whole tree, `graceMs` of waiting for it to go, SIGKILL to what is
   * left. After a `settle`, reading rests until the shell is gone, so that a flood does not bury the notice. Never throws. Idempotent: later calls give the first one's report. Resolves after `onExit`.
   */
  terminate(graceMs: number): Promise<TerminationReport>;
}

/** An expected failure is a value: the stage, what happened, what to do. */
export type StartResult = { ok: true; process: BackendProcess } | { ok: false; failure: StartFailure };

/** What runs shells of one kind. */
export interface Backend {
  readonly kind: BackendKind;
  /** Starts a shell. When `signal` aborts first, whatever was started is ended and the stage is `aborted`. */
  start(spec: StartSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult>;
  /**
   * Takes over what runs of a session of an app that is gone, as if it had been started here: what it has written meanwhile
   * is lost. What cannot be taken over, and belongs to no other process, is removed, as soon as that can be done. Never rejects.
   */
  reattach?(spec: ReattachSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult>;
  /**
   * For an app that must go: SIGKILL to every session's cgroup, or else to its process group; containers are killed. Does
   * not wait; the ladders under way continue, and find less to do. What has left the group and has no cgroup is left to them.
   */
  killAllNow(): void;
  /** Whether sessions can be started now. */
  readonly status: BackendStatus;
  /** Called after each change of `status`; gives the function that ends it. */
  onStatus(listener: () => void): () => void;
  /** Probes again, and resolves when `status` is current. Never rejects. */
  check(): Promise<void>;
  /** All profiles there are now: what is kept ready follows them. Called at the start and after each change. */
  keepReady?(profiles: readonly Profile[]): void;
  /** Removes what apps that are gone have left; called regularly. Never rejects. */
  sweep?(): Promise<void>;
  /**
   * It is decided which sessions of apps that are gone are taken over: what is left of the others is swept from now on. Before
   * that, nothing is swept that may still be taken over.
   */
  recovered?(): void;
  /** Gives back everything but sessions: what was kept ready, connections, timers. Resolves within a second. */
  close?(): Promise<void>;
}

/** Every backend there is. */
export type Backends = { readonly [K in BackendKind]: Backend };
