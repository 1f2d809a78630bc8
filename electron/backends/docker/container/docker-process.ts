import { basename } from 'node:path/posix';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerInfo, Isolation, Survivor } from '../../../../shared/session.ts';
import type { Logger } from '../../../base/logger.ts';
import { withDeadline } from '../../../base/with-deadline.ts';
import { programNames } from '../../../processes/background-programs.ts';
import type { ContainerTracker, Survival } from '../../../processes/tracker.ts';
import type { ForegroundUsage } from '../../../processes/usage.ts';
import type {
  BackendListener,
  BackendProcess,
  CredentialValue,
  ExitStatus,
  Foreground,
  TerminationReport,
} from '../../backend.ts';
import { describeCredentials } from '../../credential-folders.ts';
import { usageInContainer } from '../client/container-top.ts';
import type { DockerEngine } from '../client/engine.ts';
import { EngineRefusal } from '../client/engine-errors.ts';
import { oneLine } from '../client/engine-text.ts';
import type { RunningContainer } from './allocate.ts';
import { getCredentials, putCredentials } from './container-credentials.ts';
import { ContainerStream } from './container-stream.ts';
import { commandOf } from './credential-barrier.ts';
import { ExitWatch, lostStatus } from './exit-watch.ts';
import type { HostView } from './host-view.ts';

/** How long an engine may be silent when something is asked of it at the end, in milliseconds, before it counts as lost. */
const SILENT_MS = 1_750;
/** How long an engine that does answer may take for a request, in milliseconds: many may end at once. */
const SLOW_MS = 8_000;
/** How long a removal by a lost engine is waited for, in milliseconds; it stays pending in any case. */
const LOST_REMOVAL_MS = 250;
/** How long the kernel may take to end what was sent SIGKILL, and how often that is polled, in milliseconds. */
const DYING_MS = 2_000;
const DYING_POLL_MS = 20;
/** How long the engine may take to say what a container has used, in milliseconds. */
const USAGE_MS = 1_000;
/** How long the end of the output is waited for when the container has ended, in milliseconds. */
const LAST_OUTPUT_MS = 1_000;
/** How long the engine may take to end the terminal of a container that has ended; it gives slow readers 2 s itself. */
const LINGER_MS = 4_000;
/** What was on its way when the engine was lost gets this long, in milliseconds. */
const LOST_MS = 250;
/** How often a container is polled while its output is not read, in milliseconds: its exit may have gone unnoticed. */
const POLL_MS = 250;
/** The same while it is being ended. */
const QUICK_POLL_MS = 20;
/** When a shell that is still there gets SIGHUP again, in milliseconds after the first; see the local close ladder. */
const REMINDERS_MS = [100, 400];

/** What a session in a container is made of. */
export interface DockerProcessParts {
  readonly container: RunningContainer;
  readonly engine: DockerEngine;
  readonly log: Logger;
  readonly tracker: ContainerTracker;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** A shell in a container, with all that it has started. Nothing is read from it before it has a listener. */
export class DockerProcess implements BackendProcess {
  readonly containment = 'container';
  readonly #parts: DockerProcessParts;
  readonly #stream: ContainerStream;
  #listener: BackendListener | null = null;

  /** The container does not run any more, as far as is known. */
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  readonly #exit: ExitWatch;
  /** `onExit` was called. */
  readonly #notified = Promise.withResolvers<void>();
  /** Nothing is left of it, or its removal is pending. */
  readonly #gone = Promise.withResolvers<boolean>();

  /** The names of those that it has. */
  readonly #credentials = new Set<string>();
  #termination: Promise<TerminationReport> | null = null;
  #isFrozen = false;
  /** Until when it outlives a crash of the app; null: it goes with it. */
  #survival: Survival | null = null;
  #size: { cols: number; rows: number } | null = null;
  #isResizing = false;
  #cpuMs = 0;
  #polling: NodeJS.Timeout | null = null;
  #lingering: NodeJS.Timeout | null = null;
  readonly #unsubscribe: () => void;

  constructor(parts: DockerProcessParts) {
    this.#parts = parts;
    const { container, engine, now } = parts;
    const { api, events, memoryMiB } = container;
    this.#exit = new ExitWatch({ api, memoryMiB, now });
    this.#stream = new ContainerStream(container.terminal, {
      onData: (bytes) => this.#listener?.onData(bytes),
      onInputRoom: () => this.#listener?.onInputRoom(),
      onEnd: () => {
        this.#setOver();
        void this.#conclude();
      },
    });
    this.#unsubscribe = engine.onLost((message) => this.#lose(message));
    events.listen((event) => {
      if (this.#exit.onEvent(event)) this.#setOver();
    });
  }

  get pid(): number | null {
    return this.#parts.container.view?.init.pid ?? null;
  }

  get command(): string {
    return commandOf(this.#parts.container.inspection).command;
  }

  get args(): readonly string[] {
    return commandOf(this.#parts.container.inspection).args;
  }

  get isolation(): Isolation {
    const { isolation } = this.#parts.container;
    if (this.#credentials.size === 0) return isolation;
    return [...isolation, { text: describeCredentials(this.#credentials.size), open: false }];
  }

  get container(): ContainerInfo {
    return this.#parts.container.info;
  }

  /** Whether it runs, as far as has been heard. */
  get isRunning(): boolean {
    return !this.#isOver && this.#exit.lostBecause === null;
  }

  /** Resolves when it does not run any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when nothing is left of it (true), or its removal is pending (false). */
  get gone(): Promise<boolean> {
    return this.#gone.promise;
  }

  /** Hands it to a session: from now on its output, and what came so far, goes to this listener. Called once. */
  handOver(listener: BackendListener): void {
    this.#listener = listener;
    this.#stream.resume();
  }

  /**
   * Gives a container that waits for them its credentials: its shell begins.
   *
   * @returns null, or why it does not.
   */
  async begin(values: readonly CredentialValue[]): Promise<string | null> {
    const why = await putCredentials(this.#parts.container.api, values, true);
    if (why === null) for (const { env } of values) this.#credentials.add(env);
    return why;
  }

  async updateCredentials(values: readonly CredentialValue[]): Promise<string | null> {
    if (!this.isRunning || this.#termination !== null) return 'The session has ended.';
    const why = await putCredentials(this.#parts.container.api, values, false);
    if (why === null) for (const { env } of values) this.#credentials.add(env);
    return why;
  }

  async readCredentials(): Promise<CredentialValue[] | null> {
    const values = await getCredentials(this.#parts.container.api);
    for (const { env } of values ?? []) this.#credentials.add(env);
    return values;
  }

  /** From now on it outlives a crash of the app, until then at most. */
  survive(survival: Survival): void {
    if (this.#termination !== null || !this.isRunning) return;
    this.#survival = survival;
    this.#tellSurvival(survival);
  }

  write(bytes: Uint8Array): number {
    return this.#termination === null ? this.#stream.write(bytes) : 0;
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows };
    if (!this.#isResizing) void this.#resize();
  }

  pause(): void {
    this.#stream.pause();
    if (this.#termination === null) this.#pollEvery(POLL_MS);
  }

  resume(): void {
    if (this.#termination === null) this.#stopPolling();
    this.#stream.resume();
  }

  async foreground(): Promise<Foreground> {
    const seen = this.#isOver ? null : await this.#parts.container.view?.foreground();
    return seen ?? { isShell: true, command: basename(this.command) };
  }

  async background(): Promise<readonly string[]> {
    if (this.#isOver) return [];
    const { view, api } = this.#parts.container;
    try {
      return (await view?.background()) ?? (this.isRunning ? programNames(await api.programs(USAGE_MS)) : []);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'The programs in a container could not be listed');
      return [];
    }
  }

  async foregroundUsage(): Promise<ForegroundUsage | null> {
    if (!this.isRunning) return null;
    const { view, api, inspection } = this.#parts.container;
    if (view !== null) return view.foregroundUsage();
    const { Pid: initPid } = inspection.State;
    if (initPid === null || initPid === undefined) return null;
    // Of a container elsewhere the engine knows as much as its `ps` shows.
    const entries = await api.top(USAGE_MS).catch(() => null);
    return entries === null ? null : usageInContainer(entries, initPid);
  }

  async cpuTimeMs(): Promise<number | null> {
    const { view, api } = this.#parts.container;
    const used = view?.cpuTimeMs() ?? (this.isRunning ? await api.cpuTimeMs(USAGE_MS).catch(() => null) : null);
    if (used === null) return null;
    this.#cpuMs = Math.max(this.#cpuMs, used);
    return this.#cpuMs;
  }

  async freeze(): Promise<string | null> {
    if (!this.isRunning || this.#termination !== null) return 'The session has ended.';
    const why = await this.#pauseContainer();
    // Its idle timeout rests, then.
    if (why === null && this.#survival !== null) this.#tellSurvival({ ...this.#survival, idleMs: null });
    return why === null ? null : `The container engine did not pause the container: ${why}`;
  }

  async thaw(): Promise<string | null> {
    if (!this.isRunning || this.#termination !== null) return 'The session has ended.';
    const why = await this.#unpauseContainer();
    if (why === null && this.#survival !== null) this.#tellSurvival(this.#survival);
    return why === null ? null : `The container engine did not resume the container: ${why}`;
  }

  async settle(timeoutMs: number): Promise<void> {
    if (this.#termination !== null) return;
    const { now } = this.#parts;
    const until = now() + timeoutMs;
    this.#endSurvival();
    if (this.isRunning) await this.#pauseContainer(timeoutMs);
    await this.#stream.drain(Math.max(0, until - now()));
  }

  terminate(graceMs: number): Promise<TerminationReport> {
    this.#endSurvival();
    this.#termination ??= this.#terminate(graceMs);
    return this.#termination;
  }

  /** Ends it without waiting. */
  killNow(): void {
    if (this.#isOver) return;
    this.#parts.container.view?.kill();
    void this.#signal('SIGKILL');
  }

  #tellSurvival(survival: Survival | null): void {
    const { container, tracker } = this.#parts;
    tracker.created(container.info.id, container.address, survival);
  }

  /** Its end has begun: if the app dies now, it is not to be found running by the next one. */
  #endSurvival(): void {
    if (this.#survival === null) return;
    this.#survival = null;
    this.#tellSurvival(null);
  }

  /** It does not run any more: what the engine still holds of its output is taken over, because it is not kept for long. */
  #setOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over.resolve();
    this.#stopPolling();
    this.#stream.drainRemaining();
    this.#lingering = setTimeout(() => this.#stream.close(), LINGER_MS);
  }

  /** The engine is gone, and with it every way to the container. */
  #lose(message: string): void {
    if (this.#exit.lostBecause !== null) return;
    this.#exit.lose(message);
    this.#stopPolling();
    this.#stream.drainRemaining();
    setTimeout(() => {
      this.#stream.finish();
      this.#stream.close();
    }, LOST_MS);
  }

  /** Everything has been delivered: reports how the shell ended, once, and removes the container. */
  async #conclude(): Promise<void> {
    const { container, engine, log, tracker } = this.#parts;
    const { api, events, info, view } = container;
    let status: ExitStatus;
    try {
      status = await this.#exit.learn();
    } catch (error) {
      log.error({ containerId: info.id, err: error }, 'How a container ended could not be found out');
      status = lostStatus('The container engine did not report how the container ended.');
    }
    if (this.#stream.droppedBytes > 0)
      log.info(
        { containerId: info.id, bytes: this.#stream.droppedBytes },
        'Output of programs that were being ended was left out',
      );
    // The engine cannot do it now: where this user may, the processes go at once, and what else there is later.
    if (this.#exit.lostBecause !== null) view?.kill();
    this.#endSurvival();
    try {
      this.#listener?.onExit(status);
    } finally {
      this.#notified.resolve();
      this.#stopPolling();
      if (this.#lingering !== null) clearTimeout(this.#lingering);
      this.#unsubscribe();
      api.close();
      const forget = (): void => {
        events.close();
        tracker.removed(info.id);
      };
      const isGone = await engine.remove(info.id);
      if (isGone) forget();
      else events.listen(({ kind }) => kind === 'destroy' && forget());
      this.#gone.resolve(isGone);
    }
  }

  async #terminate(graceMs: number): Promise<TerminationReport> {
    const { container, log } = this.#parts;
    const { info, view } = container;
    if (this.isRunning && graceMs > 0) await this.#hangUp(graceMs);
    if (this.isRunning) await this.#kill();
    this.#stream.finish();
    await withDeadline(this.#notified.promise, LAST_OUTPUT_MS, undefined);
    this.#stream.close();
    await this.#notified.promise;
    const removalMs = this.#exit.lostBecause === null ? SLOW_MS : LOST_REMOVAL_MS;
    const isGone = await Promise.race([this.#gone.promise, delay(removalMs, false, { ref: false })]);
    const survivors: Survivor[] = [];
    if (!isGone && view !== null && (await isStillAlive(view, this.#parts.now))) {
      survivors.push({ pid: view.init.pid, command: basename(this.command) });
      log.warn({ containerId: info.id, survivors }, 'A container could not be ended yet; its removal is pending');
    } else if (!isGone)
      log.warn({ containerId: info.id }, 'A container could not be removed yet; its removal is pending');
    return { survivors };
  }

  /** SIGKILL to all of it. An engine that does not answer is given up; the removal is pending then. */
  async #kill(): Promise<void> {
    const asked = this.#signal('SIGKILL', SILENT_MS);
    const isAnswered = await Promise.race([asked, this.#over.promise.then(() => true)]);
    if (isAnswered) await this.#waitOver(SLOW_MS);
    if (this.isRunning) this.#lose('The container engine is not responding.');
  }

  /** The gentle part of the ladder: SIGHUP to the shell through the engine's init, and up to `graceMs` for it to go. */
  async #hangUp(graceMs: number): Promise<void> {
    const { now } = this.#parts;
    const begun = now();
    await this.#signal('SIGHUP', Math.min(graceMs, SILENT_MS));
    // A container that is paused gets its signal when it is resumed; some engines resume it by themselves then.
    if (this.#isFrozen) await this.#unpauseContainer(Math.max(1, Math.min(graceMs - (now() - begun), SILENT_MS)));
    for (const at of [...REMINDERS_MS, graceMs]) {
      await this.#waitOver(Math.min(at, graceMs) - (now() - begun));
      if (!this.isRunning || now() - begun >= graceMs) return;
      void this.#signal('SIGHUP');
    }
  }

  /** Waits until it does not run any more, at most so long. The kernel is asked too: with a full terminal, the engine reports it late. */
  async #waitOver(ms: number): Promise<void> {
    if (ms <= 0 || !this.isRunning) return;
    this.#pollEvery(QUICK_POLL_MS);
    await withDeadline(Promise.race([this.#over.promise, this.#exit.lost]), ms, undefined);
    this.#stopPolling();
  }

  /** Polls whether the container's first process is still there. */
  #pollEvery(ms: number): void {
    this.#stopPolling();
    const { view } = this.#parts.container;
    if (view === null || !this.isRunning) return;
    this.#polling = setInterval(() => {
      if (!view.isAlive) this.#setOver();
    }, ms);
  }

  #stopPolling(): void {
    if (this.#polling !== null) clearInterval(this.#polling);
    this.#polling = null;
  }

  /** Sends a signal to the container. Never rejects. @returns whether the engine answered, if only that it does not run. */
  async #signal(signal: 'SIGHUP' | 'SIGKILL', timeoutMs = SILENT_MS): Promise<boolean> {
    const { container, log } = this.#parts;
    this.#exit.sending(signal);
    try {
      await container.api.kill(signal, timeoutMs);
      return true;
    } catch (error) {
      log.debug({ containerId: container.info.id, signal, err: error }, 'A signal did not reach a container');
      if (!(error instanceof EngineRefusal)) return false;
      this.#exit.notSent(signal);
      return true;
    }
  }

  async #pauseContainer(timeoutMs?: number): Promise<string | null> {
    try {
      await this.#parts.container.api.pause(timeoutMs);
    } catch (error) {
      if (!(error instanceof EngineRefusal && /already paused/i.test(error.reason))) return reasonOf(error);
    }
    this.#isFrozen = true;
    return null;
  }

  async #unpauseContainer(timeoutMs?: number): Promise<string | null> {
    try {
      await this.#parts.container.api.unpause(timeoutMs);
    } catch (error) {
      if (!(error instanceof EngineRefusal && /not paused/i.test(error.reason))) return reasonOf(error);
    }
    this.#isFrozen = false;
    return null;
  }

  /** One at a time, the last size wins. */
  async #resize(): Promise<void> {
    this.#isResizing = true;
    const { container, log } = this.#parts;
    for (let size = this.#size; size !== null && this.isRunning; size = this.#size) {
      this.#size = null;
      try {
        await container.api.resize(size.cols, size.rows);
      } catch (error) {
        // It ended at this moment, or is paused in an engine that refuses this then: it keeps the size it has.
        log.debug({ containerId: container.info.id, err: error }, 'The terminal was not resized');
      }
    }
    this.#isResizing = false;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof EngineRefusal) return error.reason;
  return error instanceof Error ? oneLine(error.message) : 'no reason given';
}

/** Whether the first process is there even after the kernel had its time to end it. */
async function isStillAlive(view: HostView, now: () => number): Promise<boolean> {
  for (const until = now() + DYING_MS; view.isAlive && now() < until; ) await delay(DYING_POLL_MS);
  return view.isAlive;
}
