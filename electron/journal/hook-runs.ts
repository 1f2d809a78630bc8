import type { Logger } from '../base/logger.ts';
import { Cgroup } from '../processes/cgroup.ts';
import type { HookTracker } from './hook-service.ts';

interface Run {
  readonly pid: number;
  readonly cgroups: readonly string[];
}

/** The programs of hooks that run now, as the journal's thread reports them: if the thread is lost, they are ended. */
export class HookRuns implements HookTracker {
  readonly #tracker: HookTracker;
  readonly #logger: Logger;
  readonly #runs = new Map<string, Run>();

  constructor(tracker: HookTracker, logger: Logger) {
    this.#tracker = tracker;
    this.#logger = logger;
  }

  async started(run: string, pid: number, cgroups: readonly string[]): Promise<void> {
    this.#runs.set(run, { pid, cgroups });
    await this.#tracker.started(run, pid, cgroups);
  }

  ended(run: string): void {
    this.#runs.delete(run);
    this.#tracker.ended(run);
  }

  /** Kills those that still run, with all that is in their cgroups and process groups. Nothing waits for their exit any more. */
  killAll(): void {
    for (const [run, { pid, cgroups }] of this.#runs) {
      this.#logger.warn({ run, pid }, 'A hook was ended: the thread that ran it is gone');
      for (const folder of cgroups) this.#attempt(run, () => new Cgroup(folder).kill());
      // Hooks lead a process group of their own, but on Windows, which has none.
      this.#attempt(run, () => process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL'));
      this.ended(run);
    }
  }

  #attempt(run: string, kill: () => void): void {
    try {
      kill();
    } catch (error) {
      // Most often it has just ended by itself.
      this.#logger.debug({ run, err: error }, 'A hook that was left could not be ended');
    }
  }
}
