import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus } from '../../backend.ts';
import type { ContainerApi } from '../client/container-api.ts';
import type { ContainerEvent } from '../client/engine.ts';
import { exitStatus, type SentSignal } from './exit-status.ts';

/** How long the engine may take to report how a container ended: by itself, and when it is asked, in milliseconds. */
const EVENT_MS = 2_000;
const STATUS_MS = 3_000;
/** 128 and the number of SIGKILL: the end of what the kernel kills for want of memory, too. */
const KILLED = 137;

/** A signal, and when it was sent. */
interface Sent {
  readonly signal: string;
  readonly at: number;
}

/** What an exit is learned from. */
export interface ExitWatchOptions {
  readonly api: Pick<ContainerApi, 'wait' | 'inspect'>;
  readonly memoryMiB: number | null;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** Follows what happens to a container, to say in the end how it ended and by whose hand. */
export class ExitWatch {
  readonly #options: ExitWatchOptions;
  /** The exit code as the engine's events report it; null: the container is gone without one. */
  readonly #died = Promise.withResolvers<number | null>();
  readonly #lost = Promise.withResolvers<string>();
  #lostBecause: string | null = null;
  #oomAt: number | null = null;
  /** Signals of ours that the engine has not reported yet, and the last one. */
  readonly #expected: string[] = [];
  #own: Sent | null = null;
  #foreign: Sent | null = null;

  constructor(options: ExitWatchOptions) {
    this.#options = options;
  }

  /** Why the engine counts as lost; null while it does not. */
  get lostBecause(): string | null {
    return this.#lostBecause;
  }

  /** Resolves with that once it is lost. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** Something happened. @returns whether the container does not run any more. */
  onEvent(event: ContainerEvent): boolean {
    switch (event.kind) {
      case 'oom':
        this.#oomAt = this.#options.now();
        return false;
      case 'kill':
        this.#onKill(event.signal);
        return false;
      case 'die':
        this.#died.resolve(event.exitCode);
        return true;
      case 'destroy':
        this.#died.resolve(null);
        return true;
    }
  }

  /** Sandglass is about to send this signal: when the engine reports one, it is that. */
  sending(signal: string): void {
    this.#own = { signal, at: this.#options.now() };
    this.#expected.push(signal);
  }

  /** The engine did not take it. */
  notSent(signal: string): void {
    const index = this.#expected.indexOf(signal);
    if (index >= 0) this.#expected.splice(index, 1);
  }

  /** The engine is lost. The first reason counts. */
  lose(message: string): void {
    this.#lostBecause ??= message;
    this.#lost.resolve(this.#lostBecause);
  }

  /** How it ended, once its output has: from the engine's events, else from its answer, else unknown. */
  async learn(): Promise<ExitStatus> {
    const { api, memoryMiB, now } = this.#options;
    const heard = await Promise.race([
      this.#died.promise.then((exitCode) => ({ exitCode })),
      this.#lost.promise.then(() => null),
      delay(EVENT_MS, null, { ref: false }),
    ]);
    if (this.#lostBecause !== null) return lostStatus(this.#lostBecause);
    // Events may be missing; the engine knows in any case.
    const exitCode = heard?.exitCode ?? (await api.wait(STATUS_MS).catch(() => null));
    if (this.#lostBecause !== null) return lostStatus(this.#lostBecause);
    if (exitCode === null) {
      if (heard === null) return lostStatus('The container engine ended the connection.');
      return { exitCode: null, signal: null, detail: 'The container was removed from outside Sandglass' };
    }
    const since = (sent: Sent | null): SentSignal | null =>
      sent === null ? null : { signal: sent.signal, beforeMs: now() - sent.at };
    const facts = {
      exitCode,
      own: since(this.#own),
      foreign: since(this.#foreign),
      oomBeforeMs: this.#oomAt === null ? null : now() - this.#oomAt,
      memoryMiB,
    };
    const first = exitStatus({ ...facts, outOfMemory: false });
    // Only an end as if by SIGKILL that no one has sent can be the kernel's.
    if (exitCode !== KILLED || first.signal !== null) return first;
    const state = await api.inspect(STATUS_MS).then(
      (inspection) => inspection.State,
      () => null,
    );
    return exitStatus({ ...facts, outOfMemory: state?.OOMKilled === true || this.#oomAt !== null });
  }

  #onKill(signal: string): void {
    const expected = this.#expected.indexOf(signal);
    if (expected >= 0) this.#expected.splice(expected, 1);
    else this.#foreign = { signal, at: this.#options.now() };
  }
}

/** The end of what cannot be asked any more. */
export function lostStatus(message: string): ExitStatus {
  return { exitCode: null, signal: null, cause: 'backend_lost', detail: message };
}
