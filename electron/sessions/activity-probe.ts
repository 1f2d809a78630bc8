import type { ActivityKind } from '../../shared/limits.ts';
import type { BackendProcess } from '../backends/backend.ts';
import type { Clock } from './clock.ts';

/** The share of one processor that a session must have used since the last look to count as busy. */
const BUSY_SHARE = 0.01;

/** Looks, only when a deadline or a warning is due, for signs of life that nobody tells of by themselves. */
export class ActivityProbe {
  readonly #clock: Clock;
  #cpuMs = 0;
  #lookedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtMs = clock.now();
  }

  /** Which of the wanted kinds there is now; null for none. */
  async look(process: BackendProcess, wanted: readonly ActivityKind[]): Promise<'foreground' | 'cpu' | null> {
    if (wanted.includes('foreground') && !(await process.foreground()).isShell) return 'foreground';
    if (!wanted.includes('cpu')) return null;
    const cpuMs = await process.cpuTimeMs();
    const now = this.#clock.now();
    const elapsedMs = now - this.#lookedAtMs;
    this.#lookedAtMs = now;
    if (cpuMs === null) return null;
    const busy = elapsedMs > 0 && cpuMs - this.#cpuMs > elapsedMs * BUSY_SHARE;
    this.#cpuMs = cpuMs;
    return busy ? 'cpu' : null;
  }
}
