import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';

/**
 * Who decides about reading. `open`: the listener, by pausing. `drain`: everything is read, because those who write have
 * been stopped. `rest`: nothing is read. `finish`: everything is read, because those who wrote are gone.
 */
export type ReadPhase = 'open' | 'drain' | 'rest' | 'finish';

/** What a drain watches. */
export interface Draining {
  /** Bytes read so far. */
  bytesSeen(): number;
  /** Whether more may come. */
  isOpen(): boolean;
  /** This long without output means that nothing more was on its way, in milliseconds. */
  readonly quietMs: number;
  readonly timeoutMs: number;
}

/** Decides whether a terminal is read: by its listener while programs run, by what ends them afterwards. */
export class ReadControl {
  readonly #onChange: (phase: ReadPhase) => void;
  #isPaused: boolean;
  #phase: ReadPhase = 'open';

  /** @param onChange called after each change, whether `reads` is another one or not. */
  constructor(isPaused: boolean, onChange: (phase: ReadPhase) => void) {
    this.#isPaused = isPaused;
    this.#onChange = onChange;
  }

  /** Whether output is read and delivered. */
  get reads(): boolean {
    return this.#phase === 'open' ? !this.#isPaused : this.#phase !== 'rest';
  }

  pause(): void {
    this.#isPaused = true;
    this.#onChange(this.#phase);
  }

  resume(): void {
    this.#isPaused = false;
    this.#onChange(this.#phase);
  }

  /**
   * Those who write have been stopped: reads what was on its way, whatever `pause` says, then rests. Resolves when no more
   * comes, at most `timeoutMs` later.
   */
  async drain({ bytesSeen, isOpen, quietMs, timeoutMs }: Draining): Promise<void> {
    if (this.#phase !== 'open') return;
    this.#enter('drain');
    let seen = -1;
    for (let waitedMs = 0; isOpen() && bytesSeen() !== seen && waitedMs < timeoutMs; waitedMs += quietMs) {
      seen = bytesSeen();
      await delay(quietMs);
      // A late timer comes before the reads of its turn.
      await turn();
    }
    this.#enter('rest');
  }

  /** Those who wrote are gone: reads to the end, from now on whatever `pause` says. */
  finish(): void {
    this.#enter('finish');
  }

  #enter(phase: ReadPhase): void {
    // The end of a drain must not stop what finishes.
    if (this.#phase === 'finish') return;
    this.#phase = phase;
    this.#onChange(phase);
  }
}
