import type { ExportResult, WindowCommand } from '../../shared/contract.ts';
import type { Metrics } from '../../shared/metrics.ts';
import type { ExportFormat } from '../../shared/recording.ts';
import type { RunningSession } from '../../shared/running.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Transport } from '../../shared/transport.ts';
import type { SecretCipher } from '../credentials/store.ts';

/** An export ready to be written out: a suggested file name, its media type, and the bytes as they come. */
export interface ExportSource {
  readonly name: string;
  readonly mediaType: string;
  readonly format: ExportFormat;
  /** A fresh stream of the whole export at each call. */
  open(): NodeJS.ReadableStream;
}

/** What only the host can do for the core. */
export interface HostServices {
  readonly kind: 'desktop' | 'web';
  /** Shows the folder in the system's file manager; false where the host cannot. */
  openFolder(folder: string): Promise<boolean>;
  /** The system's folder dialog: a full path, or null when it was cancelled. Absent where there is no such dialog. */
  chooseFolder?(): Promise<string | null>;
  /** Screen readers, as the system reports them. Absent where it does not. */
  readonly screenReader?: {
    readonly running: boolean;
    /** Gives the function that ends it. */
    onChange(listener: (running: boolean) => void): () => void;
  };
  /** The system's keychain, which encrypts stored secrets. Absent where there is none. */
  readonly cipher?: SecretCipher;
  /** Desktop: save dialog, then writes the file. Web: registers a one-time download and gives its path. */
  deliverExport(source: ExportSource): Promise<ExportResult>;
}

/** One window's (or browser tab's) connection. */
export interface Connection {
  /** Asks this window to do something; from the menu. */
  command(command: WindowCommand): void;
  readonly closed: boolean;
}

/** The core as its hosts see it. It knows neither of them. */
export interface Core {
  /** Serves a window until its transport closes. */
  connect(transport: Transport): Connection;
  metrics(): Metrics;
  /** Finds out which backends can be had, and removes what an app that is gone has left. Called once, at the start. */
  prepare(): void;
  /** Sessions that still have a shell. */
  readonly liveSessions: number;
  /**
   * What still runs in sessions beside their shells, for who asks before a quit: as much of it as is known within a
   * second. Never rejects.
   */
  stillRunning(): Promise<readonly RunningSession[]>;
  /** What a session's tab is called; null when it is not in memory any more. */
  titleOf(id: SessionId): string | null;
  /** Lifecycle events, for notifications; gives the function that ends it. */
  onEvent(listener: (event: SessionEvent) => void): () => void;
  onProblem(listener: (problem: Problem) => void): () => void;
  /** The machine woke up or the clock may have jumped: every deadline is looked at again, now. */
  clockChanged(): void;
  /** Ends every session with `app_quit`, in order of their start; resolves within 5 s. Idempotent. */
  quit(): Promise<void>;
}
