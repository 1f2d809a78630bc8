import type { EffectiveLimits } from '../../shared/limits.ts';
import {
  type Activity,
  type DeadlineKind,
  type SessionTiming,
  type SessionWarning,
  TRANSITIONS,
} from '../../shared/session.ts';
import { ActivityProbe } from './activity-probe.ts';
import { DeadlineKeeper, type ExtendResult } from './deadline-keeper.ts';
import type { Session } from './session.ts';
import { sessionTiming } from './session-info.ts';
import type { ActionResult, SessionListener } from './session-options.ts';

/** A session's time: its deadlines, what moves them, and what comes when they pass. */
export class SessionExpiry {
  readonly #session: Session;
  readonly #listener: SessionListener;
  readonly #deadlines: DeadlineKeeper;
  readonly #probe: ActivityProbe;

  constructor(session: Session, limits: EffectiveLimits, listener: SessionListener) {
    const { clock, logger } = session.dependencies;
    this.#session = session;
    this.#listener = listener;
    this.#probe = new ActivityProbe(clock);
    this.#deadlines = new DeadlineKeeper(clock, limits, {
      onExpired: (deadline, lateMs) => this.#onExpired(deadline, lateMs),
      onWarning: (warning) => this.#onWarning(warning),
      onWarningChanged: () => listener.onChange(session),
      probe: () => this.#lookForActivity(),
      onError: (error) => logger.warn({ session: session.id, err: error }, 'activity could not be probed'),
    });
  }

  get startedMs(): number {
    return this.#deadlines.startedMs;
  }

  get limits(): EffectiveLimits {
    return this.#deadlines.limits;
  }

  get warning(): SessionWarning | null {
    return this.#deadlines.warning;
  }

  get extensionsUsed(): number {
    return this.#deadlines.extensionsUsed;
  }

  /** How far past its deadline it is, in milliseconds; negative or null when it is not. */
  get overdueMs(): number | null {
    return this.#deadlines.overdueMs;
  }

  timing(): SessionTiming {
    return sessionTiming(this.#session, this.#deadlines);
  }

  /** The shell is there: deadlines begin to hold. */
  start(): void {
    this.#deadlines.start();
  }

  /** Stops for good. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** What a deadline's limit is now, extensions included, in seconds. */
  limitSeconds(deadline: DeadlineKind): number {
    return this.#deadlines.limitSeconds(deadline);
  }

  /** A sign of life. */
  touch(kind: Activity['kind']): void {
    this.#deadlines.touch(kind);
    this.#listener.onActivity(this.#session);
  }

  /** Looks at the deadlines now, whatever the timer says. */
  check(): void {
    this.#deadlines.check();
  }

  updateLimits(limits: EffectiveLimits): void {
    this.#deadlines.updateLimits(limits);
    this.#listener.onChange(this.#session);
  }

  keepOpen(): void {
    const before = this.#deadlines.deadlines.idle;
    this.touch('keep_open');
    const after = this.#deadlines.deadlines.idle;
    if (before === null || after === null) return;
    this.#session.mark('kept open');
    this.#tellExtended('keep_open', Math.max(0, (after - before) / 1_000));
  }

  extend(): ExtendResult {
    const result = this.#deadlines.extend();
    if (result.ok) {
      this.#session.mark(`extended by ${result.seconds} s`);
      this.#tellExtended('user', result.seconds);
    }
    return result;
  }

  async freeze(): Promise<ActionResult> {
    const session = this.#session;
    if (session.isEnding || session.process === null || !TRANSITIONS[session.state].includes('frozen'))
      return { ok: false, message: 'Only a session that runs can be frozen.' };
    const why = await session.process.freeze();
    if (session.isEnding) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    if (session.state === 'frozen') return { ok: true };
    session.transition('frozen');
    this.#deadlines.rest();
    session.mark('frozen');
    session.tell({ ...session.eventBase(), type: 'session:frozen', by: null });
    return { ok: true };
  }

  async thaw(): Promise<ActionResult> {
    const session = this.#session;
    if (session.isEnding || session.process === null || session.state !== 'frozen')
      return { ok: false, message: 'The session is not frozen.' };
    const why = await session.process.thaw();
    if (why !== null) return { ok: false, message: why };
    if (session.isEnding || session.state !== 'frozen') return { ok: true };
    const frozenSeconds = this.#deadlines.resume() / 1_000;
    session.mark('thawed');
    session.transition('waiting');
    session.tell({ ...session.eventBase(), type: 'session:thawed', frozenSeconds });
    await session.refreshForeground();
    return { ok: true };
  }

  #tellExtended(by: 'user' | 'keep_open', seconds: number): void {
    this.#session.tell({
      ...this.#session.eventBase(),
      type: 'session:extended',
      by,
      seconds,
      used: this.extensionsUsed,
      count: this.limits.values.extensions.count,
    });
    this.#listener.onChange(this.#session);
  }

  #lookForActivity(): Promise<'foreground' | 'cpu' | null> | null {
    const { activity } = this.limits.values;
    const { process } = this.#session;
    if (process === null || !(activity.includes('foreground') || activity.includes('cpu'))) return null;
    return this.#probe.look(process, activity);
  }

  #onExpired(deadline: DeadlineKind, lateMs: number | null): void {
    if (lateMs !== null) this.#listener.onLateness(lateMs);
    void this.#session.end(deadline === 'idle' ? 'idle_timeout' : 'max_duration');
  }

  #onWarning(warning: SessionWarning): void {
    const session = this.#session;
    session.warnings += 1;
    const what = warning.deadline === 'idle' ? 'idle timeout' : 'maximum duration';
    session.mark(`warning: ${what} in ${warning.beforeSeconds} s`);
    session.tell({ ...session.eventBase(), type: 'session:warning', warning });
  }
}
