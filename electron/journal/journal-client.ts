import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import type { HistoryEntry } from '../../shared/history.ts';
import type { HooksView } from '../../shared/hooks.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import { type Clock, SystemClock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { HookRuns } from './hook-runs.ts';
import type { HookTracker } from './hook-service.ts';
import type {
  Heartbeat,
  Journal,
  JournalEntry,
  JournalHooks,
  JournalOpening,
  RestoredSession,
  Retention,
  SessionRecord,
} from './journal.ts';
import type { HookAnswer, JournalClientMethods, JournalWorkerData, Refusal, WriteAnswer } from './journal-protocol.ts';
import { droppedProblem, savedAgainProblem, type WriteFailure, workerProblem, writeFailedProblem } from './problems.ts';
import { type JournalWorker, journalWorkerUrl, startJournalWorker } from './worker-location.ts';
import { WriteQueue } from './write-queue.ts';

/** First and longest pause before what was refused is tried again, in milliseconds. */
const INITIAL_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/**
 * How long a journal that cannot be opened is nothing to speak of, in milliseconds: an app that is just ending, or a virus
 * scanner, lets it go by then.
 */
const OPENING_PATIENCE_MS = 1_500;
/** A write that takes longer, in milliseconds, is not waited for any more, though it may still come to be. */
const SLOW_MS = 10_000;
/** The same for the first opening, which has more to read. */
const SLOW_OPENING_MS = 20_000;
/** A thread that was lost as often as this without having written anything is told as a problem. */
const LOSSES_REPORTED = 3;
/** From the second loss on, writes go one by one; one that is with the thread this often when it is lost is given up. */
const LOSSES_ALONE = 2;
const LOSSES_DROPPED = 5;
/** How long the end may take, in milliseconds. */
const CLOSING_MS = 1_900;

export interface JournalOptions extends JournalWorkerData {
  readonly logger: Logger;
  readonly tracker: HookTracker;
  /** For pauses. */
  readonly clock?: Clock;
  /** The thread's entry; another one for tests. */
  readonly worker?: URL;
}

/** Starts the journal's thread, and with it the hooks. */
export function createJournal(options: JournalOptions): Journal {
  return new JournalClient(options);
}

/**
 * The journal, asked from the main thread. What is to be written stays here until the thread has said that it is: neither a
 * disk that is full nor a thread that is lost loses anything. One batch is under way at a time; what comes meanwhile goes
 * together with the next.
 */
class JournalClient implements Journal {
  readonly opening: Promise<JournalOpening>;
  readonly hooks: JournalHooks;
  readonly #options: JournalOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue: WriteQueue;
  readonly #runs: HookRuns;
  readonly #problems: Emitter<Problem>;
  readonly #views: Emitter<HooksView>;
  readonly #opened = Promise.withResolvers<JournalOpening>();
  readonly #closing = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  readonly #startedAt: number;
  /** Told before anybody listened. */
  #earlyProblems: Problem[] | null = [];
  #worker: JournalWorker | null = null;
  /** Whether the thread has the journal open, as far as is known here. */
  #isOpen = false;
  #isClosing = false;
  #closed: Promise<void> | null = null;
  /** Why nothing can be written now; null when it can. */
  #failure: WriteFailure | null = null;
  #losses = 0;
  #retention: Retention | null = null;
  #work = Promise.withResolvers<void>();

  constructor(options: JournalOptions) {
    const { logger } = options;
    this.#options = options;
    this.#logger = logger;
    this.#clock = options.clock ?? new SystemClock();
    this.#startedAt = this.#clock.now();
    this.#runs = new HookRuns(options.tracker, logger);
    this.#problems = new Emitter((error) => logger.error({ err: error }, 'A listener to problems threw'));
    this.#views = new Emitter((error) => logger.error({ err: error }, 'A listener to hooks threw'));
    this.#queue = new WriteQueue(() => this.#report(droppedProblem()));
    this.opening = this.#opened.promise;
    this.hooks = this.#hooks();
    const slow = this.#clock.setTimer(SLOW_OPENING_MS, () => {
      this.#onWriteFailed({ kind: 'slow', message: `It was not opened within ${SLOW_OPENING_MS / 1_000} s` });
    });
    void this.opening.then(() => slow[Symbol.dispose]());
    this.#done = this.#run();
  }

  append(entry: JournalEntry): Promise<void> {
    if (this.#isClosing) {
      this.#logger.error({ event: entry.event }, 'An event came after the journal was closed; it is not kept');
      return Promise.resolve();
    }
    const kept = this.#queue.event(entry);
    this.#work.resolve();
    return this.#failure === null ? kept : Promise.resolve();
  }

  update(record: SessionRecord): void {
    this.#queue.update(record);
    this.#work.resolve();
  }

  heartbeat(signs: readonly Heartbeat[]): void {
    this.#queue.heartbeat(signs);
    this.#work.resolve();
  }

  dismiss(id: SessionId): void {
    this.#queue.dismiss(id);
    this.#work.resolve();
  }

  history(query: {
    readonly before?: SessionId | undefined;
    readonly limit: number;
  }): Promise<readonly HistoryEntry[]> {
    return this.#ask<readonly HistoryEntry[]>([], ({ server: remote }) => remote.history(query.before, query.limit));
  }

  events(id: SessionId): Promise<readonly SessionEvent[] | null> {
    return this.#ask<readonly SessionEvent[] | null>(null, ({ server: remote }) => remote.events(id));
  }

  unknown(ids: readonly SessionId[]): Promise<readonly SessionId[]> {
    return this.#ask<readonly SessionId[]>([], ({ server: remote }) => remote.unknown(ids));
  }

  async adopt(sessions: readonly RestoredSession[]): Promise<boolean> {
    const answer = await this.#ask<WriteAnswer | null>(null, ({ server: remote }) => remote.adopt(sessions));
    if (answer?.ok === false) this.#logger.warn({ ...answer.refusal }, 'Sessions could not be taken over now');
    return answer?.ok === true;
  }

  retain(retention: Retention): void {
    this.#retention = retention;
    this.#sendRetention();
  }

  onProblem(listener: (problem: Problem) => void): () => void {
    const early = this.#earlyProblems ?? [];
    this.#earlyProblems = null;
    const remove = this.#problems.on(listener);
    for (const problem of early) this.#problems.emit(problem);
    return remove;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve();
    this.#work.resolve();
    const late = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(CLOSING_MS, () => late.resolve());
    const closed = this.#done.then(() => this.#ask<void>(undefined, ({ server: remote }) => remote.close()));
    await Promise.race([closed, late.promise]);
    timer[Symbol.dispose]();
    if (this.#queue.length > 0) {
      this.#logger.error({ writes: this.#queue.length }, 'The journal could not be written; what was held is lost');
    }
    this.#queue.release();
    this.#opened.resolve({ unfinished: [], restored: [] });
    const link = this.#worker;
    this.#worker = null;
    // A thread that hangs in a disk ends with the app.
    link?.terminate().catch((error: unknown) => this.#logger.warn({ err: error }, 'The journal did not end'));
    this.#runs.killAll();
  }

  /** Writes what comes, one batch after the other, until the journal is closed. */
  async #run(): Promise<void> {
    let pauseMs = INITIAL_BACKOFF_MS;
    for (;;) {
      if (this.#isOpen && this.#queue.isEmpty) {
        if (this.#isClosing) return;
        this.#work = Promise.withResolvers();
        await this.#work.promise;
        continue;
      }
      if (this.#isOpen ? await this.#write() : await this.#open()) {
        pauseMs = INITIAL_BACKOFF_MS;
        continue;
      }
      if (this.#isClosing) return;
      await this.#backOff(pauseMs);
      pauseMs = Math.min(pauseMs * 2, MAX_BACKOFF_MS);
    }
  }

  /** Whether the journal is open now. */
  async #open(): Promise<boolean> {
    let refusal: Refusal;
    try {
      const answer = await this.#startedWorker().server.open();
      if (answer.ok) {
        this.#isOpen = true;
        // Of the first time only: nothing of this run is in it.
        this.#opened.resolve(answer.opening);
        if (this.#queue.isEmpty) this.#onWritten();
        return true;
      }
      refusal = answer.refusal;
    } catch (error) {
      refusal = { kind: 'other', message: messageOf(error) };
    }
    if (this.#isClosing || this.#clock.now() - this.#startedAt >= OPENING_PATIENCE_MS) {
      this.#onWriteFailed(refusal);
    }
    return false;
  }

  /** Whether the next ones are written. */
  async #write(): Promise<boolean> {
    const batch = this.#queue.take(this.#losses >= LOSSES_ALONE ? 1 : undefined);
    const slow = this.#clock.setTimer(SLOW_MS, () => {
      this.#onWriteFailed({ kind: 'slow', message: `It was not written within ${SLOW_MS / 1_000} s` });
    });
    const losses = this.#losses;
    try {
      const answer = await this.#startedWorker().server.write(batch);
      if (!answer.ok) {
        this.#queue.refused();
        this.#onWriteFailed(answer.refusal);
        return false;
      }
    } catch (error) {
      this.#queue.refused();
      this.#logger.warn(
        { err: error, writes: batch.length },
        'The journal was lost before it had written; it is repeated',
      );
      // The thread lives: it is the write that it cannot be given, or fails at.
      if (this.#losses === losses) this.#losses += 1;
      if (this.#losses >= LOSSES_DROPPED) {
        this.#logger.error({ writes: batch }, 'The journal is lost whenever it is to write this; it is given up');
        this.#queue.dropFirst();
        this.#losses = LOSSES_ALONE;
      }
      return false;
    } finally {
      slow[Symbol.dispose]();
    }
    this.#queue.written();
    this.#losses = 0;
    if (this.#queue.isEmpty) this.#onWritten();
    return true;
  }

  #onWriteFailed(reason: { readonly kind: WriteFailure; readonly message: string }): void {
    // The app goes on without: nobody waits for what cannot be written.
    this.#queue.release();
    if (this.#failure === reason.kind) return;
    this.#logger.error({ ...reason }, 'The journal cannot be written; it is tried again');
    this.#failure = reason.kind;
    this.#report(writeFailedProblem(reason.kind));
  }

  #onWritten(): void {
    if (this.#failure === null) return;
    this.#failure = null;
    this.#logger.info({}, 'The journal is written again');
    this.#report(savedAgainProblem());
  }

  #startedWorker(): JournalWorker {
    if (this.#worker !== null) return this.#worker;
    const { dataFolder, sessionsFolder, hooksFolder, source, environment, worker } = this.#options;
    // The process's own environment is no plain object; a copy of it is, and can go to another thread.
    const data = { dataFolder, sessionsFolder, hooksFolder, source, environment: { ...environment } };
    const link = startJournalWorker(worker ?? journalWorkerUrl(), data, this.#methods(), (error) =>
      this.#onWorkerLost(error),
    );
    this.#worker = link;
    this.#sendRetention();
    return link;
  }

  #onWorkerLost(error: Error | null): void {
    this.#worker = null;
    this.#isOpen = false;
    this.#losses += 1;
    this.#logger.error(
      { err: error, losses: this.#losses },
      'The thread of the journal was lost; another one is started',
    );
    if (this.#losses === LOSSES_REPORTED) this.#report(workerProblem());
    this.#runs.killAll();
    this.#work.resolve();
  }

  #methods(): JournalClientMethods {
    return {
      log: (level, details, message) => this.#logger[level](details, message),
      problem: (problem) => this.#report(problem),
      hooksChanged: (view) => this.#views.emit(view),
      hookStarted: (run, pid, cgroups) => this.#runs.started(run, pid, cgroups),
      hookEnded: (run) => this.#runs.ended(run),
    };
  }

  #hooks(): JournalHooks {
    const unreachable = {
      ok: false,
      code: 'internal',
      message: 'Hooks cannot be reached now. Try again in a moment.',
    } as const;
    const request = async <T>(question: (link: JournalWorker) => Promise<HookAnswer<T>>): Promise<T> => {
      const answer = await this.#ask<HookAnswer<T>>(unreachable, question);
      if (answer.ok) return answer.value;
      throw new RequestError(answer.code, answer.message);
    };
    return {
      view: () =>
        this.#ask<HooksView>({ folder: this.#options.hooksFolder, hooks: [] }, ({ server: remote }) =>
          remote.hooksView(),
        ),
      deliveries: (hook, state, limit) => this.#ask([], ({ server: remote }) => remote.deliveries(hook, state, limit)),
      test: (hook) => request(({ server: remote }) => remote.testHook(hook)),
      sendAgain: (hook, delivery) => request(({ server: remote }) => remote.sendAgain(hook, delivery)),
      enable: async (hook) => void (await request(({ server: remote }) => remote.enableHook(hook))),
      onChange: (listener) => this.#views.on(listener),
    };
  }

  /** What the thread answers; `nothing` when it cannot be reached. */
  async #ask<T>(nothing: T, question: (link: JournalWorker) => Promise<T>): Promise<T> {
    if (this.#worker === null) return nothing;
    try {
      return await question(this.#worker);
    } catch (error) {
      this.#logger.error({ err: error }, 'The journal did not answer');
      return nothing;
    }
  }

  #sendRetention(): void {
    const retention = this.#retention;
    if (retention !== null) void this.#ask<void>(undefined, ({ server: remote }) => remote.retain(retention));
  }

  /** Ends early when the journal is closed. */
  async #backOff(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(ms, () => over.resolve());
    await Promise.race([over.promise, this.#closing.promise]);
    timer[Symbol.dispose]();
  }

  #report(problem: Problem): void {
    if (this.#earlyProblems === null) this.#problems.emit(problem);
    else this.#earlyProblems.push(problem);
  }
}
