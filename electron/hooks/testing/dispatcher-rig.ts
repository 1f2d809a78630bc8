import type { Delivery } from '../../../shared/hooks.ts';
import type { DueDelivery, Outbox } from '../../journal/deliveries.ts';
import type { SessionRecord } from '../../journal/journal.ts';
import { endEntry, extendedEntry, record, sessionId, startEntry } from '../../journal/testing/entries.ts';
import { openStore } from '../../journal/testing/open-store.ts';
import { settle, TestClock } from '../../sessions/testing/test-clock.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { Hook } from '../hook.ts';
import type { WebhookResult } from '../webhook.ts';

export const OK: WebhookResult = { kind: 'ok', words: '204 No Content in 0.1 s' };
export const FAILED: WebhookResult = { kind: 'failed', words: 'refused', retryAfterMs: null, busy: false };

/** One attempt of the dispatcher. */
export interface Attempt {
  readonly hook: string;
  readonly delivery: DueDelivery;
  readonly signal: AbortSignal;
  /** When, on the monotonic clock. */
  readonly at: number;
  readonly finish: (result: WebhookResult) => void;
}

export function hook(name: string, changes: Partial<Hook> = {}): Hook {
  return {
    name,
    folder: `/hooks/${name}`,
    patterns: ['*'],
    events: new Set(['session:start', 'session:end']),
    enabled: true,
    timeoutMs: 10_000,
    retry: { attempts: 5, initialBackoffMs: 4_000, maxBackoffMs: 600_000 },
    action: { kind: 'webhook', url: 'https://example.org', headers: {}, secrets: [] },
    revision: '',
    warning: null,
    ...changes,
  };
}

/** A dispatcher on a real outbox in memory, with a clock that is moved by hand and attempts that end as the test says. */
export class DispatcherRig implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly store = openStore(null, { now: () => this.clock.wall() });
  /** All attempts so far, including those under way. */
  readonly attempts: Attempt[] = [];
  readonly running = new Set<Attempt>();
  readonly gone: string[] = [];
  /** The largest number of concurrent attempts: of one hook, and of all. */
  most = { hook: 0, all: 0 };
  hooks: readonly Hook[];
  /** The outcome of an attempt; null: it runs until the test ends it. */
  answer: (attempt: Attempt) => WebhookResult | null = () => OK;
  /** Throws in place of the outbox. */
  fault: (method: string) => void = () => {};
  readonly dispatcher: Dispatcher;

  constructor(names: readonly string[], changes: Partial<Hook> = {}, random: () => number = () => 0) {
    this.hooks = names.map((name) => hook(name, changes));
    this.dispatcher = new Dispatcher({
      outbox: this.#faulty(),
      clock: this.clock,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      random,
      hooks: () => this.hooks,
      deliver: (to, delivery, signal) => this.#deliver(to, delivery, signal),
      onAttempted: () => {},
      onGone: (to, words) => {
        this.gone.push(to.name);
        this.hooks = this.hooks.filter((each) => each.name !== to.name);
        this.outbox.drop(to.name, `dropped: ${words}`, this.clock.wall());
      },
    });
  }

  get outbox(): Outbox {
    return this.store.store.deliveries;
  }

  /** Enqueues a session's start, so many extensions and its end for these hooks. */
  enqueue(hooks: readonly string[], extensions = 0, previous: SessionRecord | null = null): SessionRecord {
    this.store.wanting = () => hooks;
    const known = record(sessionId(), { startedAt: this.clock.wall(), previousId: previous?.id ?? null });
    const entries = [
      startEntry(known),
      ...Array.from({ length: extensions }, () => extendedEntry(known)),
      endEntry(known),
    ];
    this.store.store.write(entries.map((entry) => ({ kind: 'event', entry })));
    this.dispatcher.wake();
    return known;
  }

  list(name: string): readonly Delivery[] {
    return this.outbox.list(name, null, 100_000).toReversed();
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.dispatcher.close();
    await this.clock.advance(1_000);
    await closed;
    this.store[Symbol.dispose]();
  }

  async #deliver(to: Hook, delivery: DueDelivery, signal: AbortSignal): Promise<WebhookResult> {
    const { promise, resolve } = Promise.withResolvers<WebhookResult>();
    const attempt: Attempt = { hook: to.name, delivery, signal, at: this.clock.now(), finish: resolve };
    this.attempts.push(attempt);
    this.running.add(attempt);
    const own = [...this.running].filter((each) => each.hook === to.name);
    if (new Set(own.map((each) => each.delivery.orderingKey)).size < own.length)
      throw new Error('Two attempts with one ordering key');
    this.most = { hook: Math.max(this.most.hook, own.length), all: Math.max(this.most.all, this.running.size) };
    signal.addEventListener('abort', () => resolve(FAILED), { once: true });
    try {
      const answer = this.answer(attempt);
      if (answer !== null) resolve(answer);
      return await promise;
    } finally {
      this.running.delete(attempt);
    }
  }

  #faulty(): Outbox {
    const { outbox } = this;
    const ask = <Value>(method: string, question: () => Value): Value => {
      this.fault(method);
      return question();
    };
    return {
      due: (...args) => ask('due', () => outbox.due(...args)),
      nextDueAt: (...args) => ask('nextDueAt', () => outbox.nextDueAt(...args)),
      complete: (...args) => ask('complete', () => outbox.complete(...args)),
      enqueue: (...args) => ask('enqueue', () => outbox.enqueue(...args)),
      requeue: (...args) => ask('requeue', () => outbox.requeue(...args)),
      drop: (...args) => ask('drop', () => outbox.drop(...args)),
      retryBy: (...args) => ask('retryBy', () => outbox.retryBy(...args)),
      pendingHooks: () => ask('pendingHooks', () => outbox.pendingHooks()),
      list: (...args) => ask('list', () => outbox.list(...args)),
      counts: (...args) => ask('counts', () => outbox.counts(...args)),
      flag: (...args) => ask('flag', () => outbox.flag(...args)),
      flags: () => ask('flags', () => outbox.flags()),
    };
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
