import type { Logger } from '../../../base/logger.ts';
import type { DockerEngine } from '../client/engine.ts';
import { type SweepOptions, sweepOrphans } from './orphans.ts';
import type { Pool } from './pool.ts';

/** What is swept with. */
export interface OrphanSweeperOptions extends Pick<SweepOptions, 'self' | 'processes' | 'wall' | 'knows'> {
  readonly engine: DockerEngine;
  readonly log: Logger;
  readonly pool: Pool;
}

/** Removes what apps that are gone have left at the engine, and tends the pool. */
export class OrphanSweeper {
  readonly #options: OrphanSweeperOptions;
  readonly #offLost: () => void;
  #sweeping: Promise<unknown> | null = null;
  /** Whether there was a sweep since the engine could last be reached. */
  #isSwept = false;
  /** Whether it was decided which sessions of apps that are gone are taken over. */
  #isDecided = false;

  constructor(options: OrphanSweeperOptions) {
    this.#options = options;
    this.#offLost = options.engine.onLost(() => {
      this.#isSwept = false;
    });
  }

  /** Sweeps, or joins the sweep that is under way. Never rejects. */
  async sweep(): Promise<void> {
    const { engine, log, pool, ...facts } = this.#options;
    // An engine that is away is not searched for only to sweep it.
    if (engine.status.state !== 'available') return;
    this.#isSwept = true;
    const onError = (error: unknown): void => log.warn({ err: error }, 'Orphaned containers could not be searched for');
    const removing = async (): Promise<void> => {
      const gone = await sweepOrphans({ ...facts, engine, sparesSurvivors: !this.#isDecided, onError });
      if (gone.length > 0) log.info({ containers: gone }, 'Orphaned containers were removed');
    };
    this.#sweeping ??= Promise.all([removing(), pool.tend()])
      .catch(onError)
      .finally(() => {
        this.#sweeping = null;
      });
    await this.#sweeping;
  }

  /** Sweeps unless that was done since the engine could last be reached. */
  sweepOnce(): void {
    if (!this.#isSwept) void this.sweep();
  }

  /** It was decided which sessions are taken over: containers of the others are orphans from now on. */
  recovered(): void {
    this.#isDecided = true;
    // A sweep that is under way still spares them.
    void Promise.resolve(this.#sweeping).then(() => this.sweep());
  }

  close(): void {
    this.#offLost();
  }
}
