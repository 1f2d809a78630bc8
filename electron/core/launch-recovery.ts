import { ulid } from 'ulid';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Journal } from '../journal/journal.ts';
import type { MetadataWriter } from '../recording/metadata-writer.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import { reattachSession } from '../recovery/reattach.ts';
import { recoverSessions } from '../recovery/recover.ts';
import { findUnknownSessions } from '../recovery/unknown-sessions.ts';
import type { SessionManager } from '../sessions/manager.ts';
import { restoredTabs } from '../sessions/restored-tab.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import type { ProblemBoard } from './problem-board.ts';

export interface LaunchRecoveryOptions {
  readonly manager: SessionManager;
  readonly journal: Journal;
  readonly recorders: RecorderFactory;
  readonly checkpoints: Checkpoints;
  readonly metadataWriter: MetadataWriter;
  readonly settings: SettingsStore;
  /** The folder of all sessions' folders. */
  readonly sessionsFolder: string;
  readonly problems: ProblemBoard;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a launch does about the sessions of earlier runs: each gets its end or continues, and its tab comes back. */
export class LaunchRecovery implements Disposable {
  readonly #options: LaunchRecoveryOptions;
  readonly #closing = new AbortController();
  #finished: Promise<void> = Promise.resolve();

  constructor(options: LaunchRecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when the sessions of earlier runs have their ends. Never rejects. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Begins; called once, before anything that earlier runs have left is removed. */
  start(): void {
    const { clock, logger } = this.#options;
    this.#finished = this.#recover(clock.wall()).catch((error: unknown) =>
      logger.error({ err: error }, 'The recovery failed'),
    );
  }

  /** Stops reading back what the journal does not know; the next launch continues. */
  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  /** @param before when this launch began, in milliseconds since the Unix epoch: what is older is an earlier run's. */
  async #recover(before: number): Promise<void> {
    const { manager, journal, recorders, checkpoints, metadataWriter, settings, problems, clock, logger } =
      this.#options;
    const wall = (): number => clock.wall();
    const opening = await journal.opening;
    const unknown = await findUnknownSessions({
      root: this.#options.sessionsFolder,
      journal,
      profiles: settings.settings.profiles,
      before,
      logger,
    });
    const { tabs, problem } = await recoverSessions({
      ...opening,
      unfinished: [...opening.unfinished, ...unknown.unfinished],
      journal,
      recorders,
      wall,
      newEventId: () => ulid(wall()),
      logger,
      writeMetadata: (folder, metadata) => metadataWriter.write(folder, metadata),
      reattach: (session) => reattachSession(session, { manager, settings, recorders, wall, logger }),
    });
    manager.restore(restoredTabs(tabs, { recorders, clock, journal, checkpoints }));
    if (problem !== null) problems.report(problem);
    // The history of long ago is waited for by no one.
    unknown.adopt(this.#closing.signal).catch((error: unknown) => {
      logger.error({ err: error }, 'Sessions that the journal does not know could not be read back');
    });
  }
}
