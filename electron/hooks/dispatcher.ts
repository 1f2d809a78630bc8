import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { DeliveryOutcome, DueDelivery, Outbox } from '../journal/deliveries.ts';
import { backoffAfter } from './backoff.ts';
import { EndpointPauses } from './endpoint-pauses.ts';
import type { Hook } from './hook.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { outcomeOf } from './outcome.ts';
import type { WebhookResult } from './webhook.ts';

/** Tries of one hook at a time, each in another lane. */
export const MAX_ATTEMPTS_PER_HOOK = 4;
/** Tries of all hooks at a time; a hook that tries nothing may always begin one more, however many others hang. */
export const MAX_ATTEMPTS = 16;
/** A wall clock that is set, and what is hidden behind tries under way, is noticed within these times, in milliseconds. */
const MAX_WAIT_MS = 60_000;
const BUSY_WAIT_MS = 1_000;
/** Clocks are corrected by less all the time. */
const CLOCK_TOLERANCE_MS = 1_000;
/** Until a ledger that threw is asked again, in milliseconds: doubled each time, up to the longest. */
const INITIAL_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** At the close: how long tries may go on, and then how long they get to stop, in milliseconds. */
const GRACE_MS = 400;
const STOP_MS = 400;

/** What a courier needs. */
export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  random(): number;
  /** The hooks that get deliveries now. */
  hooks(): readonly Hook[];
  /** Tries to deliver once. Does not reject but for a bug; ends soon after an abort of the signal. */
  deliver(hook: Hook, delivery: DueDelivery, signal: AbortSignal): Promise<WebhookResult>;
  /** A try has ended, and the ledger knows. */
  onAttempted(): void;
  /** The receiver wants no more. Called before what is still owed could be tried. */
  onGone(hook: Hook, words: string): void;
}

/** A try under way. */
interface Attempt {
  readonly orderingKey: string;
  readonly abort: AbortController;
  /** Settles when the ledger knows how it went, or will not be told. */
  done: Promise<void>;
}

/**
 * Delivers what the ledger owes: at least once, in order in each lane of a hook, with growing pauses after failures. What
 * one hook does holds up no other: each has its own tries.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue: OutboxQueue;
  /** By hook and delivery. */
  readonly #attempts = new Map<string, Map<number, Attempt>>();
  readonly #pauses: EndpointPauses;
  /** Hooks whose last try has failed. */
  readonly #failing = new Set<string>();
  #timer: Timer | null = null;
  #isWoken = false;
  #failures = 0;
  /** The ledger has thrown: until then, on the monotonic clock, it is left alone. */
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

  /** Something may be due. Cheap; what is due is looked up once the caller is done. */
  wake(): void {
    if (this.#isWoken || this.#state === 'closed') return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      if (this.#state === 'closing' || this.#options.clock.now() >= this.#backoffUntil) this.#round();
    });
  }

  /** Tries what this hook is owed now, whatever its receiver or a pause has said: somebody has changed something. */
  retryNow(hook: string): void {
    this.#pauses.resume(hook);
    const { clock, outbox: ledger } = this.#options;
    this.#queue.do(() => ledger.retryBy(hook, clock.wall()));
    this.wake();
  }

  /** Whether a hook's receiver has asked to be left alone. */
  isPaused(hook: string): boolean {
    return this.#pauses.remainingMs(hook) > 0;
  }

  /** The hook was removed: its tries end, and how they went is told to nobody. */
  forget(hook: string): void {
    this.#pauses.resume(hook);
    this.#failing.delete(hook);
    for (const each of this.#attempts.get(hook)?.values() ?? []) each.abort.abort();
  }

  /** Writes to the ledger; what cannot be written now is tried again, in order. */
  write(work: () => void): void {
    this.#queue.do(work);
  }

  /**
   * Gives tries under way and webhooks that are due a moment, then ends what still runs. Resolves within a second.
   * What was not delivered stays owed.
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
    const left = [...this.#attempts.values()].flatMap((tries) => [...tries.values()]);
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
      this.#options.logger.warn({ err: error }, 'What hooks are owed cannot be looked up now');
      this.#backOff();
    }
  }

  /**
   * The ledger has the time of the next try by the wall clock. Where that was set back, nothing may wait longer for it: what
   * waits is tried at once, which costs a try too many at most.
   */
  #followClock(): void {
    const { clock, outbox: ledger } = this.#options;
    const ahead = clock.wall() - clock.now();
    if (ahead < this.#wallAhead - CLOCK_TOLERANCE_MS) {
      for (const hook of ledger.pendingHooks()) ledger.retryBy(hook, clock.wall());
    }
    this.#wallAhead = ahead;
  }

  /** All hooks that get deliveries, each time beginning with another one, so that all come first in turn. */
  #inTurn(): readonly Hook[] {
    // A program would not be done in time: it is left to the next run.
    const all = this.#options.hooks();
    const hooks = this.#state === 'open' ? all : all.filter((hook) => hook.action.kind === 'webhook');
    this.#turn = hooks.length === 0 ? 0 : (this.#turn + 1) % hooks.length;
    return [...hooks.slice(this.#turn), ...hooks.slice(0, this.#turn)];
  }

  #start(hook: Hook): void {
    const { outbox: ledger, clock } = this.#options;
    if (this.isPaused(hook.name)) return;
    const tries = this.#attempts.get(hook.name) ?? new Map<number, Attempt>();
    let free = this.#free(tries.size);
    if (free === 0) return;
    // What is under way is owed still, and comes up again.
    for (const delivery of ledger.due([hook.name], clock.wall(), free + tries.size)) {
      const isBusy = [...tries.values()].some((each) => each.orderingKey === delivery.orderingKey);
      if (isBusy || free === 0) continue;
      free -= 1;
      this.#attempts.set(hook.name, tries);
      const each: Attempt = {
        orderingKey: delivery.orderingKey,
        abort: new AbortController(),
        done: Promise.resolve(),
      };
      tries.set(delivery.id, each);
      each.done = this.#attempt(hook, delivery, each.abort.signal);
    }
  }

  /** How many more tries a hook may begin that has this many under way. */
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
      logger.error({ err: error, hook: hook.name, delivery: delivery.id }, 'A delivery could not be tried');
      result = { kind: 'failed', words: 'could not be tried, the log says why', retryAfterMs: null, busy: false };
    }
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    // Until the ledger knows, it still counts as under way: else it would be delivered again at once.
    this.#queue.do(() => {
      // Whoever ended it knows better: it was dropped with its hook, or is left to the next run.
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
    const { outbox: ledger, clock } = this.#options;
    const wall = clock.wall();
    const failures = delivery.attempts + 1;
    const asked = result.kind === 'failed' ? result.retryAfterMs : null;
    const pause = backoffAfter(hook.retry, failures, this.#options.random(), asked);
    const outcome = outcomeOf(result, failures, hook.retry.attempts, wall + pause);
    if (result.kind === 'failed' && result.busy) this.#pauses.pause(hook, asked, pause);
    ledger.complete(delivery.id, outcome, wall);
    this.#log(hook, delivery, outcome);
    if (result.kind === 'gone') this.#options.onGone(hook, result.words);
  }

  /** A hook that fails is told once, until it works again: of each try, the journal has how it went. */
  #log(hook: Hook, { event, eventId, attempts }: DueDelivery, { kind, outcome }: DeliveryOutcome): void {
    const { logger } = this.#options;
    const details = { hook: hook.name, event, eventId, attempt: attempts + 1, outcome };
    const isNews = kind === 'delivered' ? this.#failing.delete(hook.name) : !this.#failing.has(hook.name);
    if (kind === 'delivered') {
      if (isNews) logger.info(details, 'A hook can be told of events again');
      else logger.debug(details, 'A hook was told of an event');
      return;
    }
    this.#failing.add(hook.name);
    if (kind === 'dead') logger.warn(details, 'A hook was not told of an event: it is given up');
    else if (isNews) logger.warn(details, 'A hook could not be told of an event: it is tried again');
    else logger.debug(details, 'A hook could not be told of an event');
  }

  #forgetAttempt(hook: string, delivery: number): void {
    const tries = this.#attempts.get(hook);
    tries?.delete(delivery);
    if (tries?.size === 0) this.#attempts.delete(hook);
  }

  /** In how many milliseconds to look again; null: something will wake the courier before there is anything to do. */
  #nextMs(hooks: readonly Hook[]): number | null {
    const { outbox: ledger, clock } = this.#options;
    let next: number | null = null;
    for (const hook of hooks) {
      const own = this.#attempts.get(hook.name)?.size ?? 0;
      // The end of a try wakes the courier.
      if (this.#free(own) === 0) continue;
      const dueAt = ledger.nextDueAt([hook.name]);
      if (dueAt === null) continue;
      let delay = dueAt - clock.wall();
      if (delay > hook.retry.maxBackoffMs + BUSY_WAIT_MS) {
        // No pause is that long: the clock was set, or the rule is another one now.
        delay = hook.retry.maxBackoffMs;
        ledger.retryBy(hook.name, clock.wall() + delay);
      }
      const held = this.#pauses.remainingMs(hook.name);
      if (held > 0) delay = Math.max(delay, held);
      // What is under way is due still, and hides when the next one is.
      else if (delay <= 0) delay = BUSY_WAIT_MS;
      next = next === null ? delay : Math.min(next, delay);
    }
    return next;
  }

  /** The ledger has thrown: it is left alone for a while, longer each time. */
  #backOff(): void {
    const delay = Math.min(MAX_BACKOFF_MS, INITIAL_BACKOFF_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#backoffUntil = this.#options.clock.now() + delay;
    if (this.#state === 'open') this.#arm(delay);
  }

  #count(): number {
    let count = 0;
    for (const tries of this.#attempts.values()) count += tries.size;
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
