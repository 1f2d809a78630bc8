import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { DeliveryOutcome, DueDelivery, Outbox } from '../journal/deliveries.ts';
import { backoffAfter } from './backoff.ts';
import { EndpointPauses } from './endpoint-pauses.ts';
import type { Hook } from './hook.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { outcomeOf } from './outcome.ts';
import type { WebhookResult } from './webhook.ts';

/** Concurrent attempts of one hook, each with another ordering key. */
const MAX_ATTEMPTS_PER_HOOK = 4;
/** Concurrent attempts of all hooks; a hook without any may always begin one, however many others hang. */
const MAX_ATTEMPTS = 16;
/** Within these times it is noticed that the wall clock was set, and what is due behind attempts under way, in milliseconds. */
const MAX_WAIT_MS = 60_000;
const BUSY_WAIT_MS = 1_000;
/** Smaller corrections of the wall clock are normal. */
const CLOCK_TOLERANCE_MS = 1_000;
/** How long an outbox that threw is left alone, in milliseconds: doubled each time, up to the maximum. */
const INITIAL_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** At the close: how long attempts may continue, and then how long they get to stop, in milliseconds. */
const GRACE_MS = 400;
const STOP_MS = 400;

/** What a dispatcher needs. */
export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  random(): number;
  /** The hooks that are ready for deliveries. */
  hooks(): readonly Hook[];
  /** Makes one attempt to deliver. Rejects only because of a bug; ends soon after the signal is aborted. */
  deliver(hook: Hook, delivery: DueDelivery, signal: AbortSignal): Promise<WebhookResult>;
  /** An attempt has ended, and its outcome is in the outbox. */
  onAttempted(): void;
  /** The endpoint wants no more events. Called before any other pending delivery is attempted. */
  onGone(hook: Hook, words: string): void;
}

/** An attempt under way. */
interface Attempt {
  readonly orderingKey: string;
  readonly abort: AbortController;
  /** Resolves when the outcome is in the outbox, or is discarded. */
  done: Promise<void>;
}

/**
 * Delivers what is pending in the outbox: at least once, in order for each ordering key of a hook, with a growing backoff
 * after failures. No hook delays another: each has attempts of its own.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue: OutboxQueue;
  /** By hook and delivery. */
  readonly #attempts = new Map<string, Map<number, Attempt>>();
  readonly #pauses: EndpointPauses;
  /** Hooks whose last attempt failed. */
  readonly #failing = new Set<string>();
  #timer: Timer | null = null;
  #isWoken = false;
  #failures = 0;
  /** Until when an outbox that threw is left alone, on the monotonic clock. */
  #backoffUntil = 0;
  /** What the wall clock was ahead of the monotonic one, in milliseconds. */
  #wallAhead: number;
  /** Where in the list of hooks the next round begins. */
  #turn = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #onIdle: () => void = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#wallAhead = options.clock.wall() - options.clock.now();
    this.#pauses = new EndpointPauses(options.clock);
    this.#queue = new OutboxQueue(options.logger, () => this.#backOff());
  }

  /** Something may be due. Cheap: the outbox is read once the caller is done. */
  wake(): void {
    if (this.#isWoken || this.#state === 'closed') return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      if (this.#state === 'closing' || this.#options.clock.now() >= this.#backoffUntil) this.#round();
    });
  }

  /** Attempts all pending deliveries of this hook now, whatever its endpoint or the backoff says: something has changed. */
  retryNow(hook: string): void {
    this.#pauses.resume(hook);
    const { clock, outbox } = this.#options;
    this.#queue.do(() => outbox.retryBy(hook, clock.wall()));
    this.wake();
  }

  /** Whether a hook's endpoint asked to be retried later. */
  isPaused(hook: string): boolean {
    return this.#pauses.remainingMs(hook) > 0;
  }

  /** The hook was removed: its attempts end, and their outcomes are discarded. */
  forget(hook: string): void {
    this.#pauses.resume(hook);
    this.#failing.delete(hook);
    for (const each of this.#attempts.get(hook)?.values() ?? []) each.abort.abort();
  }

  /** Writes to the outbox; what cannot be written now is retried, in order. */
  write(work: () => void): void {
    this.#queue.do(work);
  }

  /**
   * Gives attempts under way and webhooks that are due a moment, then aborts the rest. Resolves within a second.
   * What was not delivered stays pending.
   */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#disarm();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    this.#round();
    await this.#within(GRACE_MS, idle);
    this.#state = 'closed';
    this.#disarm();
    const left = [...this.#attempts.values()].flatMap((attempts) => [...attempts.values()]);
    for (const each of left) each.abort.abort();
    await this.#within(
      STOP_MS,
      Promise.all(left.map((each) => each.done)).then(() => {}),
    );
  }

  /** Starts what may start, and sets the timer for what comes next. */
  #round(): void {
    if (this.#state === 'closed') return;
    this.#disarm();
    if (this.#queue.flush()) this.#serve();
    else this.#backOff();
    if (this.#state === 'closing' && this.#count() === 0) this.#onIdle();
  }

  #serve(): void {
    try {
      this.#followClock();
      const hooks = this.#inTurn();
      for (const hook of hooks) this.#start(hook);
      const nextMs = this.#nextMs(hooks);
      this.#failures = 0;
      if (nextMs !== null && this.#state === 'open') this.#arm(nextMs);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'Pending deliveries cannot be read now');
      this.#backOff();
    }
  }

  /**
   * The outbox has the time of the next attempt by the wall clock. If that was set back, nothing may wait longer because of
   * it: what waits is attempted at once, which costs at most one attempt too many.
   */
  #followClock(): void {
    const { clock, outbox } = this.#options;
    const ahead = clock.wall() - clock.now();
    if (ahead < this.#wallAhead - CLOCK_TOLERANCE_MS) {
      for (const hook of outbox.pendingHooks()) outbox.retryBy(hook, clock.wall());
    }
    this.#wallAhead = ahead;
  }

  /** The hooks that are ready, beginning with another one each time, so that each comes first in turn. */
  #inTurn(): readonly Hook[] {
    // A program would not finish in time: it is left to the next run.
    const all = this.#options.hooks();
    const hooks = this.#state === 'open' ? all : all.filter((hook) => hook.action.kind === 'webhook');
    this.#turn = hooks.length === 0 ? 0 : (this.#turn + 1) % hooks.length;
    return [...hooks.slice(this.#turn), ...hooks.slice(0, this.#turn)];
  }

  #start(hook: Hook): void {
    const { outbox, clock } = this.#options;
    if (this.isPaused(hook.name)) return;
    const attempts = this.#attempts.get(hook.name) ?? new Map<number, Attempt>();
    let free = this.#free(attempts.size);
    if (free === 0) return;
    // Deliveries under way are still pending, and are found again.
    for (const delivery of outbox.due([hook.name], clock.wall(), free + attempts.size)) {
      const isBusy = [...attempts.values()].some((each) => each.orderingKey === delivery.orderingKey);
      if (isBusy || free === 0) continue;
      free -= 1;
      this.#attempts.set(hook.name, attempts);
      const each: Attempt = {
        orderingKey: delivery.orderingKey,
        abort: new AbortController(),
        done: Promise.resolve(),
      };
      attempts.set(delivery.id, each);
      each.done = this.#attempt(hook, delivery, each.abort.signal);
    }
  }

  /** How many more attempts a hook may begin that has this many under way. */
  #free(own: number): number {
    const free = Math.min(MAX_ATTEMPTS_PER_HOOK - own, MAX_ATTEMPTS - this.#count());
    return Math.max(own === 0 ? 1 : 0, free);
  }

  async #attempt(hook: Hook, delivery: DueDelivery, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    let result: WebhookResult;
    try {
      result = await this.#options.deliver(hook, delivery, signal);
    } catch (error) {
      logger.error({ err: error, hook: hook.name, delivery: delivery.id }, 'A delivery failed unexpectedly');
      result = {
        kind: 'failed',
        words: 'failed unexpectedly; the log has the details',
        retryAfterMs: null,
        busy: false,
      };
    }
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    // Until the outcome is written, it counts as under way: otherwise it would be delivered again at once.
    this.#queue.do(() => {
      // An attempt that was aborted says nothing: it was dropped with its hook, or is left to the next run.
      const isMoot = signal.aborted && (result.kind === 'failed' || this.#state === 'open');
      if (!isMoot) this.#complete(hook, delivery, result);
      this.#forgetAttempt(hook.name, delivery.id);
      resolve();
      this.#options.onAttempted();
      this.wake();
    });
    await settled;
  }

  #complete(hook: Hook, delivery: DueDelivery, result: WebhookResult): void {
    const { outbox, clock } = this.#options;
    const wall = clock.wall();
    const failures = delivery.attempts + 1;
    const asked = result.kind === 'failed' ? result.retryAfterMs : null;
    const backoffMs = backoffAfter(hook.retry, failures, this.#options.random(), asked);
    const outcome = outcomeOf(result, failures, hook.retry.attempts, wall + backoffMs);
    if (result.kind === 'failed' && result.busy) this.#pauses.pause(hook, asked, backoffMs);
    outbox.complete(delivery.id, outcome, wall);
    this.#log(hook, delivery, outcome);
    if (result.kind === 'gone') this.#options.onGone(hook, result.words);
  }

  /** Warns once of a hook that fails, until it works again: the journal has the outcome of every attempt. */
  #log(hook: Hook, { event, eventId, attempts }: DueDelivery, { kind, outcome }: DeliveryOutcome): void {
    const { logger } = this.#options;
    const details = { hook: hook.name, event, eventId, attempt: attempts + 1, outcome };
    const isNews = kind === 'delivered' ? this.#failing.delete(hook.name) : !this.#failing.has(hook.name);
    if (kind === 'delivered') {
      if (isNews) logger.info(details, 'A hook works again');
      else logger.debug(details, 'An event was delivered to a hook');
      return;
    }
    this.#failing.add(hook.name);
    if (kind === 'dead-letter') logger.warn(details, 'An event could not be delivered to a hook: no attempts are left');
    else if (isNews) logger.warn(details, 'An event could not be delivered to a hook: it will be retried');
    else logger.debug(details, 'An event could not be delivered to a hook');
  }

  #forgetAttempt(hook: string, delivery: number): void {
    const attempts = this.#attempts.get(hook);
    attempts?.delete(delivery);
    if (attempts?.size === 0) this.#attempts.delete(hook);
  }

  /** In how many milliseconds the outbox is read again; null: `wake` is called before there is anything to do. */
  #nextMs(hooks: readonly Hook[]): number | null {
    const { outbox, clock } = this.#options;
    let next: number | null = null;
    for (const hook of hooks) {
      const own = this.#attempts.get(hook.name)?.size ?? 0;
      // The end of an attempt wakes the dispatcher.
      if (this.#free(own) === 0) continue;
      const dueAt = outbox.nextDueAt([hook.name]);
      if (dueAt === null) continue;
      let delay = dueAt - clock.wall();
      if (delay > hook.retry.maxBackoffMs + BUSY_WAIT_MS) {
        // No backoff is that long: the clock was set, or the policy has changed.
        delay = hook.retry.maxBackoffMs;
        outbox.retryBy(hook.name, clock.wall() + delay);
      }
      const held = this.#pauses.remainingMs(hook.name);
      if (held > 0) delay = Math.max(delay, held);
      // Deliveries under way are still due, and hide the time of the next one.
      else if (delay <= 0) delay = BUSY_WAIT_MS;
      next = next === null ? delay : Math.min(next, delay);
    }
    return next;
  }

  /** The outbox has thrown: it is left alone for a while, longer each time. */
  #backOff(): void {
    const delay = Math.min(MAX_BACKOFF_MS, INITIAL_BACKOFF_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#backoffUntil = this.#options.clock.now() + delay;
    if (this.#state === 'open') this.#arm(delay);
  }

  #count(): number {
    let count = 0;
    for (const attempts of this.#attempts.values()) count += attempts.size;
    return count;
  }

  #arm(delayMs: number): void {
    this.#disarm();
    this.#timer = this.#options.clock.setTimer(Math.min(delayMs, MAX_WAIT_MS), () => this.#round());
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  async #within(ms: number, promise: Promise<void>): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(ms, resolve);
    await Promise.race([promise, over]);
    timer[Symbol.dispose]();
  }
}
