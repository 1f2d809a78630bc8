import { join } from 'node:path';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import type { HistoryEntry } from '../../shared/history.ts';
import type { Delivery, DeliveryState, HooksView } from '../../shared/hooks.ts';
import { RECORDING_FILE } from '../../shared/recording.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import { SystemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { sessionFolder } from '../recording/folders.ts';
import type { Connection } from './connection.ts';
import { currentOutbox } from './current-outbox.ts';
import type { Outbox } from './deliveries.ts';
import type { EventFacts, HookService, HookServiceOptions } from './hook-service.ts';
import { Housekeeping } from './housekeeping.ts';
import type { JournalOpening, RestoredSession, Retention } from './journal.ts';
import type {
  HookAnswer,
  JournalClientMethods,
  JournalServerMethods,
  JournalWorkerData,
  OpenAnswer,
  Refusal,
  WriteAnswer,
} from './journal-protocol.ts';
import { IN_MEMORY, type OpenedJournal, openJournal, setAside } from './open-journal.ts';
import { damagedProblem, newerProblem } from './problems.ts';
import { refusalKind } from './sqlite-error.ts';
import { type HookEntry, JournalStore, type JournalWrite } from './store.ts';

/** The journal's file, in the data folder. */
const JOURNAL_FILE = 'journal.sqlite';

/** What the journal's thread is made of, besides the journal. */
export interface JournalServerParts {
  readonly createHookService: (options: HookServiceOptions) => HookService;
  readonly cloudEvent: (facts: EventFacts) => string | null;
}

export interface JournalServerOptions extends JournalServerParts {
  readonly data: JournalWorkerData;
  readonly client: Pick<JournalClientMethods, 'hooksChanged' | 'hookStarted' | 'hookEnded'>;
  readonly problem: (problem: Problem) => void;
  readonly logger: Logger;
}

interface OpenStore {
  readonly store: JournalStore;
  readonly connection: Connection;
  /** Null: in memory. */
  readonly file: string | null;
}

/**
 * The journal and the hooks that are served from it, in the journal's thread. What is refused is answered, with the reason;
 * a file that turns out to be damaged is moved aside, and a new one begun.
 */
export class JournalServer implements JournalServerMethods {
  readonly #options: JournalServerOptions;
  readonly #clock = new SystemClock();
  readonly #housekeeping: Housekeeping;
  #open: OpenStore | null = null;
  #opening: JournalOpening = { unfinished: [], restored: [] };
  #hooks: HookService | null = null;
  #isClosed = false;

  constructor(options: JournalServerOptions) {
    this.#options = options;
    this.#housekeeping = new Housekeeping({
      store: () => this.#open?.store ?? null,
      sessionsFolder: options.data.sessionsFolder,
      clock: this.#clock,
      logger: options.logger,
    });
  }

  open(): OpenAnswer {
    const refusal = this.#ensureOpen();
    return refusal === null ? { ok: true, opening: this.#opening } : { ok: false, refusal };
  }

  write(writes: readonly JournalWrite[]): WriteAnswer {
    this.#clock.resync();
    const answer = this.#write(writes);
    // A damaged file has been replaced: the new one takes it.
    return !answer.ok && answer.refusal.kind === 'damaged' ? this.#write(writes) : answer;
  }

  history(before: SessionId | undefined, limit: number): readonly HistoryEntry[] {
    return this.#read([], (store) => store.history(before, limit));
  }

  events(id: SessionId): readonly SessionEvent[] | null {
    return this.#read(null, (store) => store.events(id));
  }

  unknown(ids: readonly SessionId[]): readonly SessionId[] {
    // A journal in memory is not for what another one keeps.
    if (this.#open?.file === null) return [];
    return this.#read([], (store) => store.unknown(ids));
  }

  adopt(sessions: readonly RestoredSession[]): WriteAnswer {
    return this.#write(sessions.map((session) => ({ kind: 'adopt', session })));
  }

  retain(retention: Retention): void {
    this.#housekeeping.retain(retention);
  }

  hooksView(): HooksView {
    return this.#hooks?.view() ?? { folder: this.#options.data.hooksFolder, hooks: [] };
  }

  deliveries(hook: string, state: DeliveryState | null, limit: number): readonly Delivery[] {
    return this.#read([], (store) => store.deliveries.list(hook, state, limit));
  }

  testHook(hook: string): HookAnswer<Delivery> {
    return this.#ask((hooks) => hooks.test(hook));
  }

  sendAgain(hook: string, delivery: number | null): HookAnswer<number> {
    return this.#ask((hooks) => hooks.sendAgain(hook, delivery));
  }

  enableHook(hook: string): HookAnswer<null> {
    return this.#ask((hooks) => {
      hooks.enable(hook);
      return null;
    });
  }

  /** Ends the hooks, then closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#hooks?.close(), this.#housekeeping[Symbol.asyncDispose]()]);
    const { connection } = this.#open ?? {};
    try {
      // What was committed is safe in the log, too; one file alone is easier to keep a copy of.
      connection?.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'The journal was closed with its log beside it');
    }
    this.#release();
  }

  #write(writes: readonly JournalWrite[]): WriteAnswer {
    const refusal = this.#ensureOpen();
    if (refusal !== null) return { ok: false, refusal };
    try {
      this.#open?.store.write(writes);
    } catch (error) {
      return { ok: false, refusal: this.#onError(error) };
    }
    const events = writes.flatMap((write) => (write.kind === 'event' ? [write.entry.event.type] : []));
    if (events.length > 0) this.#hooks?.wake();
    if (events.includes('session:end')) this.#housekeeping.ended();
    return { ok: true };
  }

  /** Null: the journal is open. */
  #ensureOpen(): Refusal | null {
    if (this.#isClosed) return { kind: 'other', message: 'The journal was closed' };
    if (this.#open !== null) return null;
    const file = join(this.#options.data.dataFolder, JOURNAL_FILE);
    const opened = openJournal(file);
    switch (opened.outcome) {
      case 'refused':
        return { kind: opened.kind, message: messageOf(opened.error) };
      case 'newer': {
        this.#options.problem(newerProblem(file, opened.version));
        const inMemory = openJournal(IN_MEMORY);
        return inMemory.outcome === 'open'
          ? this.#use(inMemory.connection, null)
          : { kind: 'other', message: 'No memory' };
      }
      case 'open':
        this.#reportOpening(opened);
        return this.#use(opened.connection, file);
    }
  }

  #reportOpening({ damaged, migrated }: Extract<OpenedJournal, { outcome: 'open' }>): void {
    const { problem, logger } = this.#options;
    if (damaged !== null) {
      logger.error({ ...damaged }, 'The journal was damaged; it was moved aside');
      problem(damagedProblem(damaged.keptAs, damaged.why));
    }
    if (migrated !== null) logger.info({ ...migrated }, 'The journal was brought to the format of this version');
  }

  #use(connection: Connection, file: string | null): Refusal | null {
    const { logger, data, cloudEvent } = this.#options;
    const envelope = ({ event, record, recording }: HookEntry, sequence: number): string | null => {
      const folder = recording === null ? null : sessionFolder(data.sessionsFolder, event.sessionId);
      const recordingFile = folder === null ? null : join(folder, RECORDING_FILE);
      return cloudEvent({ event, record, recording, recordingFile, source: data.source, sequence });
    };
    const store = new JournalStore(connection, {
      subscribers: (event) => this.#hooks?.subscribers(event) ?? [],
      envelope,
      now: () => this.#clock.wall(),
      logger,
    });
    this.#open = { store, connection, file };
    try {
      this.#opening = store.opening();
    } catch (error) {
      const refusal = this.#onError(error);
      this.#release();
      return refusal;
    }
    try {
      this.#hooks ??= this.#startHooks();
    } catch (error) {
      // A bug there must not take the history away.
      logger.error({ err: error }, 'Hooks could not be started');
    }
    return null;
  }

  #startHooks(): HookService {
    const { createHookService, data, client: home, logger, problem } = this.#options;
    const ledger = currentOutbox(
      () => this.#outbox(),
      (error) => void this.#onError(error),
    );
    return createHookService({
      folder: data.hooksFolder,
      outbox: ledger,
      source: data.source,
      logger,
      environment: data.environment,
      tracker: { started: home.hookStarted, ended: home.hookEnded },
      clock: this.#clock,
      random: Math.random,
      onChange: home.hooksChanged,
      onProblem: problem,
    });
  }

  #outbox(): Outbox {
    if (this.#open === null) throw new Error('There is no journal now');
    return this.#open.store.deliveries;
  }

  #read<T>(nothing: T, question: (store: JournalStore) => T): T {
    if (this.#open === null) return nothing;
    try {
      return question(this.#open.store);
    } catch (error) {
      this.#options.logger.error({ err: error }, 'The journal could not be read');
      this.#onError(error);
      return nothing;
    }
  }

  #ask<T>(question: (hooks: HookService) => T): HookAnswer<T> {
    if (this.#hooks === null)
      return { ok: false, code: 'internal', message: 'The journal that serves hooks is not open.' };
    try {
      return { ok: true, value: question(this.#hooks) };
    } catch (error) {
      if (error instanceof RequestError) return { ok: false, code: error.code, message: error.message };
      this.#options.logger.error({ err: error }, 'A request about hooks failed');
      return { ok: false, code: 'internal', message: 'That failed inside Sandglass. The log file has the details.' };
    }
  }

  /** Sees to the file as far as the error asks for it: the next write opens it anew. */
  #onError(error: unknown): Refusal {
    const kind = refusalKind(error);
    const message = messageOf(error);
    if (kind === 'damaged') this.#replace(message);
    if (kind === 'io' || kind === 'unwritable') this.#release();
    return { kind, message };
  }

  #replace(why: string): void {
    const file = this.#open?.file ?? null;
    this.#release();
    if (file === null) return;
    try {
      const keptAs = setAside(file, this.#clock.wall());
      this.#options.logger.error({ keptAs, why }, 'The journal is damaged; it was moved aside');
      this.#options.problem(damagedProblem(keptAs, why));
    } catch (error) {
      this.#options.logger.error({ err: error, why }, 'The journal is damaged and cannot be moved aside');
    }
  }

  #release(): void {
    const open = this.#open;
    this.#open = null;
    try {
      open?.connection[Symbol.dispose]();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'The journal could not be closed');
    }
  }
}
