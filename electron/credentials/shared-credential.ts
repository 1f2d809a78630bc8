import type { Credential } from '../../shared/profile.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Fetch } from './fetcher.ts';

/** When a value that could not be had is tried for once more, in milliseconds. */
export const RETRY_MS = 5_000;
/** The longest pause between two tries to replace a value, in milliseconds; the first is {@link RETRY_MS}, then doubled. */
const LONGEST_PAUSE_MS = 300_000;
/** A value is replaced when this part of its time has passed, or when this much is left, whichever is later, in milliseconds. */
const PART_OF_TTL = 0.8;
const EARLIEST_MS = 600_000;
/** Values are not replaced more often than this, in milliseconds. */
const SHORTEST_MS = 1_000;
/** Timers do not count the time that the machine sleeps: none waits longer than this before the clock is asked, in milliseconds. */
const LOOK_MS = 60_000;

/** Where a credential stands. */
export type CredentialStep =
  /** It is being fetched, and whether there is a value is not known yet. */
  | { readonly kind: 'fetching' }
  /** It was not available, and is tried once more soon. */
  | { readonly kind: 'waiting'; readonly message: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'missing'; readonly message: string; readonly hint: string }
  /** The value that is there could not be replaced. */
  | { readonly kind: 'stale'; readonly message: string };

/** What a credential is fetched with. */
export interface SharedCredentialOptions {
  readonly definition: Credential;
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  readonly fetch: Fetch;
  /** Nobody uses it any more. */
  onUnused(): void;
}

/**
 * One credential with all the sessions that use it. They share what is fetched; it is replaced before its time is over, and
 * overwritten when the last of them is gone.
 */
export class SharedCredential {
  readonly definition: Credential;
  readonly #options: SharedCredentialOptions;
  readonly #users = new Set<() => void>();
  readonly #closed = new AbortController();
  #value: Buffer | null = null;
  #version = 0;
  #fetchedMs = 0;
  #step: CredentialStep = { kind: 'fetching' };
  #attempt: Promise<void> | null = null;
  #timer: Timer | null = null;
  /** When the value is to be replaced, on the clock; infinite where it is not. */
  #dueMs = Number.POSITIVE_INFINITY;
  #failures = 0;

  constructor(options: SharedCredentialOptions) {
    this.definition = options.definition;
    this.#options = options;
  }

  /** The value as it is now, to be copied at once: it is overwritten when it is replaced. Null while there is none. */
  get value(): Uint8Array | null {
    return this.#value;
  }

  /** Another number for another value. */
  get version(): number {
    return this.#version;
  }

  get step(): CredentialStep {
    return this.#step;
  }

  /** Whether there is a value whose time is not over. */
  get isGood(): boolean {
    if (this.#value === null) return false;
    const ttlMs = this.definition.ttlSeconds * 1_000;
    return ttlMs === 0 || this.#options.clock.now() < this.#fetchedMs + ttlMs;
  }

  /** From now on `onChange` is called after each change. Gives the function that ends it; the last one ends everything. */
  use(onChange: () => void): () => void {
    // A function of its own for each, so that the same may be given twice.
    const user = (): void => onChange();
    this.#users.add(user);
    return () => {
      if (this.#users.delete(user) && this.#users.size === 0) this.#close();
    };
  }

  /** Resolves when there is a value that is good, or none was available. Never rejects. */
  async settle(): Promise<void> {
    // What is being replaced in good time is not waited for.
    if (!this.isGood) await this.#do(() => this.#tryTwice());
  }

  /** The clock may have jumped: fetches if it is time. */
  check(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const { clock } = this.#options;
    const waitMs = this.#dueMs - clock.now();
    if (this.#closed.signal.aborted || waitMs === Number.POSITIVE_INFINITY) return;
    if (waitMs > 0) this.#timer = clock.setTimer(Math.min(waitMs, LOOK_MS), () => this.check());
    else void this.#do(() => this.#replace());
  }

  /** The source has another value. Sessions keep the old one until it is fetched. */
  async renew(): Promise<void> {
    // What is under way may still give the old one.
    await this.#attempt;
    if (!this.#closed.signal.aborted) await this.#do(() => this.#replace());
  }

  /** One attempt at a time; who comes meanwhile joins it. */
  #do(attempt: () => Promise<void>): Promise<void> {
    this.#attempt ??= attempt().finally(() => {
      this.#attempt = null;
      this.check();
    });
    return this.#attempt;
  }

  /** For sessions that start. */
  async #tryTwice(): Promise<void> {
    this.#set({ kind: 'fetching' });
    const first = await this.#fetch();
    if (first === null) return;
    this.#set({ kind: 'waiting', message: first.message });
    await this.#pause(RETRY_MS);
    if (this.#closed.signal.aborted) return;
    this.#set({ kind: 'fetching' });
    const second = await this.#fetch();
    if (second !== null) this.#fail(second);
  }

  /** Its time will be over soon. */
  async #replace(): Promise<void> {
    const failure = await this.#fetch();
    if (failure !== null) this.#fail(failure);
  }

  /** One try. Gives why there is no new value; null when there is one, or no session needs it any more. */
  async #fetch(): Promise<{ message: string; hint: string } | null> {
    const { fetch, clock } = this.#options;
    const startedMs = clock.now();
    const fetched = await fetch(this.definition.source, this.#closed.signal);
    if (this.#closed.signal.aborted) {
      if (fetched.ok) fetched.value.fill(0);
      return null;
    }
    if (!fetched.ok) return { message: fetched.message, hint: fetched.hint };
    const ttlMs = this.definition.ttlSeconds * 1_000;
    const pauseMs = Math.max(SHORTEST_MS, ttlMs * PART_OF_TTL, ttlMs - EARLIEST_MS);
    this.#dueMs = ttlMs === 0 ? Number.POSITIVE_INFINITY : startedMs + pauseMs;
    this.#fetchedMs = startedMs;
    this.#failures = 0;
    const old = this.#value;
    if (old?.equals(fetched.value)) fetched.value.fill(0);
    else {
      this.#value = fetched.value;
      this.#version += 1;
    }
    this.#set({ kind: 'ready' });
    if (old !== this.#value) old?.fill(0);
    return null;
  }

  /** The old value stays in place, and is tried to be replaced again, ever later. Where there is none, nothing is tried. */
  #fail({ message, hint }: { message: string; hint: string }): void {
    if (this.#value === null) {
      this.#set({ kind: 'missing', message, hint });
      return;
    }
    this.#dueMs = this.#options.clock.now() + Math.min(RETRY_MS * 2 ** Math.min(this.#failures, 16), LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#set({ kind: 'stale', message });
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#closed;
    const end = (): void => resolve();
    using _timer = this.#options.clock.setTimer(ms, end);
    signal.addEventListener('abort', end, { once: true });
    await promise;
    signal.removeEventListener('abort', end);
  }

  #set(step: CredentialStep): void {
    this.#step = step;
    for (const user of [...this.#users]) user();
  }

  #close(): void {
    this.#closed.abort();
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#value?.fill(0);
    this.#value = null;
    this.#options.onUnused();
  }
}
