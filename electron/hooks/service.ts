import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { ulid } from 'ulid';
import { RequestError } from '../../shared/errors.ts';
import type { Delivery, HookEvent, HookInfo, HooksView } from '../../shared/hooks.ts';
import type { Timer } from '../base/clock.ts';
import type { Outbox } from '../journal/deliveries.ts';
import type { HookService, HookServiceOptions } from '../journal/hook-service.ts';
import { testEvent } from './cloud-event.ts';
import { deliverer } from './deliver.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Hook, HookEntry } from './hook.ts';
import { targetOf } from './hook-folder.ts';
import type { RunHook } from './hooks.ts';
import { createHookRegistry, type HookRegistry } from './registry.ts';
import { RemovedHooks } from './removed-hooks.ts';
import { runHook } from './run/run-hook.ts';
import { removeOrphanedStreams } from './run/streams.ts';
import { createWebhookSender, type WebhookSender } from './webhook.ts';

/** Windows are notified of changes at most this often, in milliseconds. */
const NOTIFY_MS = 200;

/** Serves the hooks of a folder. They are known when this returns, and pending deliveries begin at once. */
export function createHookService(options: HookServiceOptions, run: RunHook = runHook): HookService {
  void removeOrphanedStreams(tmpdir()).then((removed) => {
    if (removed > 0) options.logger.info({ removed }, 'Temporary files of hooks from an earlier run were removed');
  });
  return new FolderHooks(options, run);
}

type Counts = ReturnType<Outbox['counts']>;
const NO_COUNTS: Counts = { pending: 0, deadLetters: 0, last: null };

class FolderHooks implements HookService {
  readonly #options: HookServiceOptions;
  readonly #registry: HookRegistry;
  readonly #sender: WebhookSender;
  readonly #dispatcher: Dispatcher;
  readonly #removed: RemovedHooks;
  /** Hooks whose endpoints answered 410. */
  readonly #gone = new Set<string>();
  /** Whether the outbox could be asked which hooks are gone. */
  #isGoneKnown = false;
  /** The last address of each webhook. */
  readonly #addresses = new Map<string, string>();
  /** The subscribers of each event, until a hook changes. */
  readonly #subscribers = new Map<HookEvent, readonly string[]>();
  /** The last counts of each hook, for while they cannot be read. */
  readonly #counts = new Map<string, Counts>();
  #notifyTimer: Timer | null = null;
  #notifiedAt = Number.NEGATIVE_INFINITY;
  #notified: HooksView | null = null;
  #isClosed = false;

  constructor(options: HookServiceOptions, run: RunHook) {
    this.#options = options;
    const { clock, logger, outbox } = options;
    this.#sender = createWebhookSender({
      logger,
      wall: () => clock.wall(),
      extraCertificates: options.extraCertificates,
    });
    this.#registry = createHookRegistry({
      folder: options.folder,
      environment: options.environment,
      clock,
      logger,
      onChange: (before) => this.#onRegistryChange(before),
      onProblem: (problem) => options.onProblem(problem),
    });
    this.#dispatcher = new Dispatcher({
      outbox,
      clock,
      logger,
      random: () => options.random(),
      hooks: () => this.#ready(),
      deliver: deliverer({ options, run, sender: this.#sender, onChanged: () => this.#registry.refresh() }),
      onAttempted: () => this.#notifySoon(),
      onGone: (hook, words) => this.#onGone(hook, words),
    });
    this.#removed = new RemovedHooks({
      clock,
      known: () => [...new Set([...outbox.pendingHooks(), ...outbox.flags().keys()])],
      isThere: (name) => this.#registry.entries.has(name) || (this.#registry.isReadable ? false : null),
      onRemoved: (name) => this.#onRemoved(name),
      onError: (error) => logger.warn({ err: error }, 'Pending deliveries of removed hooks cannot be read now'),
    });
    this.#checkAddresses();
    this.#removed.check();
    this.#dispatcher.wake();
  }

  subscribers(event: HookEvent): readonly string[] {
    let names = this.#subscribers.get(event);
    if (names === undefined) {
      names = this.#ready()
        .filter((hook) => hook.events.has(event))
        .map((hook) => hook.name);
      // Until it is known which hooks are gone, the answer may change.
      if (this.#isGoneKnown) this.#subscribers.set(event, names);
    }
    return names;
  }

  wake(): void {
    if (this.#isClosed) return;
    this.#dispatcher.wake();
    this.#notifySoon();
  }

  view(): HooksView {
    const hooks = [...this.#registry.entries.values()].map((entry) => this.#info(entry));
    return { folder: this.#options.folder, hooks };
  }

  test(name: string): Delivery {
    this.#usable(name);
    const { outbox, clock, source } = this.#options;
    const id = ulid();
    const atMs = clock.wall();
    const body = testEvent({ id, source, hook: name, atMs });
    const delivery = this.#request(() => outbox.enqueue(name, { id, type: 'hook:test', body }, atMs));
    this.#dispatcher.retryNow(name);
    this.#notifySoon();
    return delivery;
  }

  sendAgain(name: string, delivery: number | null): number {
    this.#usable(name);
    const { outbox, clock } = this.#options;
    const count = this.#request(() => outbox.requeue(name, delivery, clock.wall()));
    this.#dispatcher.retryNow(name);
    this.#notifySoon();
    return count;
  }

  enable(name: string): void {
    this.#entry(name);
    this.#request(() => this.#options.outbox.flag(name, 'gone', false));
    this.#onReenabled(name);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#notifyTimer?.[Symbol.dispose]();
    this.#notifyTimer = null;
    this.#removed[Symbol.dispose]();
    await Promise.all([this.#registry.close(), this.#dispatcher.close()]);
    await this.#sender.close();
  }

  /** Hooks that get events and deliveries now. */
  #ready(): readonly Hook[] {
    const ready: Hook[] = [];
    for (const entry of this.#registry.entries.values()) {
      if (entry.state === 'good' && entry.hook.enabled && !this.#isGone(entry.name)) ready.push(entry.hook);
    }
    return ready;
  }

  #isGone(name: string): boolean {
    if (!this.#isGoneKnown) {
      try {
        for (const [hook, flags] of this.#options.outbox.flags()) if (flags.has('gone')) this.#gone.add(hook);
        this.#isGoneKnown = true;
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'Which endpoints want no more events cannot be read now');
      }
    }
    return this.#gone.has(name);
  }

  #info(entry: HookEntry): HookInfo {
    const counts = this.#countsOf(entry.name);
    if (entry.state === 'broken') {
      const { name, kind, target, patterns, message } = entry;
      return { name, kind, target, events: [...patterns], state: 'broken', message, ...counts };
    }
    const { hook } = entry;
    const { state, message } = this.#stateOf(hook);
    return {
      name: hook.name,
      kind: hook.action.kind,
      target: targetOf(hook.action),
      events: [...hook.patterns],
      state,
      message,
      ...counts,
    };
  }

  #stateOf(hook: Hook): Pick<HookInfo, 'state' | 'message'> {
    if (!hook.enabled) return { state: 'disabled', message: hook.warning };
    if (this.#isGone(hook.name)) {
      const message =
        'The endpoint answered 410 Gone and gets no more events. Turn the hook on again to resume sending.';
      return { state: 'gone', message };
    }
    if (hook.warning !== null || !this.#dispatcher.isPaused(hook.name)) {
      return { state: 'ready', message: hook.warning };
    }
    return { state: 'ready', message: 'The endpoint asked to be retried later.' };
  }

  #countsOf(name: string): Counts {
    try {
      const counts = this.#options.outbox.counts(name);
      this.#counts.set(name, counts);
      return counts;
    } catch (error) {
      // Windows ask often, and those who write to the journal report what is wrong with it.
      this.#options.logger.debug({ err: error, hook: name }, 'Pending deliveries of a hook cannot be counted now');
      return this.#counts.get(name) ?? NO_COUNTS;
    }
  }

  #entry(name: string): HookEntry {
    const entry = this.#registry.entries.get(name);
    if (entry !== undefined) return entry;
    throw new RequestError('bad_request', `There is no hook named “${name.slice(0, 64)}”.`);
  }

  /** @throws RequestError when nothing can be sent to it. */
  #usable(name: string): void {
    const entry = this.#entry(name);
    if (entry.state === 'broken') throw new RequestError('not_allowed', `This hook cannot be used: ${entry.message}`);
    if (!entry.hook.enabled) {
      throw new RequestError('not_allowed', 'This hook is turned off: its hook.yaml says “enabled: false”.');
    }
    if (this.#isGone(name)) {
      throw new RequestError(
        'not_allowed',
        'The endpoint answered that it wants no more events. Turn the hook on again first.',
      );
    }
  }

  #request<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw new RequestError('internal', 'Session history cannot be saved right now. Try again later.', {
        cause: error,
      });
    }
  }

  #onRegistryChange(before: ReadonlyMap<string, HookEntry>): void {
    this.#subscribers.clear();
    this.#checkAddresses();
    for (const [name, entry] of this.#registry.entries) {
      const old = before.get(name);
      // The cause of earlier failures may be fixed.
      if (entry.state === 'good' && old !== undefined && !isDeepStrictEqual(entry, old))
        this.#dispatcher.retryNow(name);
    }
    this.#removed.check();
    this.#dispatcher.wake();
    this.#notifySoon();
  }

  /** An endpoint at another address has not answered that it is gone. */
  #checkAddresses(): void {
    for (const { name, ...entry } of this.#registry.entries.values()) {
      if (entry.state === 'broken' || entry.hook.action.kind === 'run') continue;
      const { url } = entry.hook.action;
      const old = this.#addresses.get(name);
      this.#addresses.set(name, url);
      if (old === undefined || old === url || !this.#isGone(name)) continue;
      this.#dispatcher.write(() => this.#options.outbox.flag(name, 'gone', false));
      this.#onReenabled(name);
    }
  }

  #onGone(hook: Hook, words: string): void {
    const { outbox, clock } = this.#options;
    this.#gone.add(hook.name);
    this.#subscribers.clear();
    outbox.flag(hook.name, 'gone', true);
    outbox.drop(hook.name, `dropped: the endpoint answered ${words}`, clock.wall());
  }

  #onReenabled(name: string): void {
    this.#gone.delete(name);
    this.#subscribers.clear();
    this.#dispatcher.retryNow(name);
    this.#notifySoon();
  }

  #onRemoved(name: string): void {
    const { outbox, clock, logger, onProblem } = this.#options;
    const { pending } = outbox.counts(name);
    this.#dispatcher.forget(name);
    const dropped = outbox.drop(name, 'dropped: the hook was removed', clock.wall());
    outbox.flag(name, 'gone', false);
    this.#gone.delete(name);
    this.#counts.delete(name);
    this.#addresses.delete(name);
    logger.info({ hook: name, pending, dropped }, 'A hook was removed');
    if (dropped === 0) return;
    const events = dropped === 1 ? '1 pending event was' : `${dropped} pending events were`;
    onProblem({
      id: `hook-removed-${name}`,
      severity: 'info',
      title: `The hook “${name}” was removed`,
      message: `${events} discarded.`,
    });
  }

  /** Notifies windows soon: once for many changes, and not too often. */
  #notifySoon(): void {
    if (this.#isClosed || this.#notifyTimer !== null) return;
    const { clock } = this.#options;
    const delay = Math.max(0, this.#notifiedAt + NOTIFY_MS - clock.now());
    this.#notifyTimer = clock.setTimer(delay, () => {
      this.#notifyTimer = null;
      this.#notifiedAt = clock.now();
      const view = this.view();
      if (isDeepStrictEqual(view, this.#notified)) return;
      this.#notified = view;
      this.#options.onChange(view);
    });
  }
}
