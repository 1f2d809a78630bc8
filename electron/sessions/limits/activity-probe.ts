import type { Limits } from '../../../shared/limits.ts';
import type { BackendProcess } from '../../backends/backend.ts';
import type { Clock } from '../../base/clock.ts';
import { isBusy, type UsageSample } from './foreground-load.ts';

/** Kinds of activity that nothing notifies of: they are probed for. */
export const PROBED_KINDS = ['busy', 'foreground', 'cpu'] as const;
type ProbedKind = (typeof PROBED_KINDS)[number];

/** Activity that a probe has found, and when it was, on the session's clock. */
export interface ProbedActivity {
  readonly kind: ProbedKind;
  readonly atMs: number;
}

/** How many times in an idle timeout activity is probed for: an end can be late by one such part of the timeout. */
const PROBES_PER_TIMEOUT = 32;
/** The shortest and the longest time between two probes, in milliseconds. */
const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 60_000;
/** The share of one processor that a session must have used since the last probe for `cpu`. */
const CPU_SHARE = 0.01;
/** A figure over a shorter time than this says nothing: the kernel counts in steps of 10 ms. In milliseconds. */
const MIN_ELAPSED_MS = 100;
/** What a program prints this soon after input is its answer to that, and no activity of its own. In milliseconds. */
const ANSWER_MS = 1_000;
/** A full-screen program that prints less than this only keeps its screen up to date. In bytes per second. */
const FULL_SCREEN_BYTES_PER_SECOND = 4_096;

/** How often to probe a session without input, in milliseconds; null: nothing that is probed for counts. */
export function probeIntervalMs({ idleTimeoutSeconds, activity }: Pick<Limits, 'idleTimeoutSeconds' | 'activity'>) {
  if (idleTimeoutSeconds === 0 || !PROBED_KINDS.some((kind) => activity.includes(kind))) return null;
  const part = (idleTimeoutSeconds * 1_000) / PROBES_PER_TIMEOUT;
  return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, part));
}

/** The session as a probe sees it. */
export interface ProbeSubject {
  readonly process: Pick<BackendProcess, 'foreground' | 'foregroundUsage' | 'cpuTimeMs'>;
  /** When the last activity was, on the session's clock. */
  readonly lastActivityMs: number;
  /** When the command in the foreground printed last, on the session's clock; null: it never did. */
  readonly printedMs: number | null;
  /** Bytes that the session has printed so far. */
  readonly bytesOut: number;
  /** Whether a full-screen program has the screen. */
  isFullScreen(): boolean;
}

/**
 * Finds activity that nothing notifies of, by comparing what the session's programs have used with what they had used at
 * the last probe. Only what happened since the last activity counts: the first probe after it is compared with nothing
 * but the start of programs that were started since.
 */
export class ActivityProbe {
  readonly #clock: Clock;
  #cpu: { readonly atMs: number; readonly usedMs: number } | null = null;
  #usage: UsageSample | null = null;
  #printed: { readonly atMs: number; readonly bytesOut: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The latest activity of a wanted kind; null for none. */
  async find(subject: ProbeSubject, wanted: Limits['activity']): Promise<ProbedActivity | null> {
    // Each is probed, whatever the others find: what one has not seen it would take for new the next time.
    const isBusy = wanted.includes('busy') && (await this.#probeUsage(subject));
    const printedMs = wanted.includes('busy') ? this.#printedMs(subject) : null;
    const usesCpu = wanted.includes('cpu') && (await this.#probeCpu(subject));
    const runs = wanted.includes('foreground') && !(await subject.process.foreground()).isShell;
    const atMs = this.#clock.now();
    if (isBusy) return { kind: 'busy', atMs };
    if (runs) return { kind: 'foreground', atMs };
    if (usesCpu) return { kind: 'cpu', atMs };
    return printedMs === null ? null : { kind: 'busy', atMs: printedMs };
  }

  /** Whether the command in the foreground has used the processor or moved bytes. */
  async #probeUsage({ process, lastActivityMs, bytesOut }: ProbeSubject): Promise<boolean> {
    const usage = await process.foregroundUsage();
    const before = this.#usage;
    if (usage === null) {
      this.#usage = null;
      return false;
    }
    const now: UsageSample = { ...usage, atMs: this.#clock.now(), bytesOut };
    if (before?.group === now.group && now.atMs - before.atMs < MIN_ELAPSED_MS) return false;
    this.#usage = now;
    return isBusy(before, now, lastActivityMs);
  }

  /** When the command in the foreground printed something that counts; null: it did not. */
  #printedMs(subject: ProbeSubject): number | null {
    const { printedMs, lastActivityMs, bytesOut } = subject;
    const now = this.#clock.now();
    const before = this.#printed;
    this.#printed = { atMs: now, bytesOut };
    if (printedMs === null || printedMs < lastActivityMs + ANSWER_MS) return null;
    if (!subject.isFullScreen()) return printedMs;
    if (before === null || before.atMs < lastActivityMs || now <= before.atMs) return null;
    const seconds = (now - before.atMs) / 1_000;
    return bytesOut - before.bytesOut >= FULL_SCREEN_BYTES_PER_SECOND * seconds ? printedMs : null;
  }

  async #probeCpu({ process, lastActivityMs }: ProbeSubject): Promise<boolean> {
    const usedMs = await process.cpuTimeMs();
    if (usedMs === null) return false;
    const before = this.#cpu;
    const atMs = this.#clock.now();
    if (before !== null && atMs - before.atMs < MIN_ELAPSED_MS) return false;
    this.#cpu = { atMs, usedMs };
    // What was before the last activity does not count, nor does an average over it.
    if (before === null || before.atMs < lastActivityMs) return false;
    return usedMs - before.usedMs > (atMs - before.atMs) * CPU_SHARE;
  }
}
