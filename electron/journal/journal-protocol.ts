import type { ErrorCode } from '../../shared/errors.ts';
import type { HistoryEntry } from '../../shared/history.ts';
import type { Delivery, DeliveryState, HooksView } from '../../shared/hooks.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import type { JournalOpening, RestoredSession, Retention } from './journal.ts';
import type { RefusalKind } from './sqlite-error.ts';
import type { JournalWrite } from './store.ts';

/** What the journal's thread is started with. */
export interface JournalWorkerData {
  /** Where `journal.sqlite` lies. */
  readonly dataFolder: string;
  /** The folder of all recordings. */
  readonly sessionsFolder: string;
  readonly hooksFolder: string;
  /** The CloudEvents `source` of this installation. */
  readonly source: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Why something cannot be written now, or the journal cannot be opened; `message` is the system's or the database's. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly message: string;
}

export type OpenAnswer =
  | { readonly ok: true; readonly opening: JournalOpening }
  | { readonly ok: false; readonly refusal: Refusal };

export type WriteAnswer = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

/** A result, or a `RequestError` in parts: its class does not survive the way between threads. */
export type HookAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** What the journal's thread is asked. */
export interface JournalServerMethods {
  /** Opens the file if it is not open; gives what the last run has left, which is true before the first write only. */
  open(): OpenAnswer;
  /** Writes all or nothing, and opens the file before if it is not open. */
  write(writes: readonly JournalWrite[]): WriteAnswer;
  history(before: SessionId | undefined, limit: number): readonly HistoryEntry[];
  events(id: SessionId): readonly SessionEvent[] | null;
  unknown(ids: readonly SessionId[]): readonly SessionId[];
  adopt(sessions: readonly RestoredSession[]): WriteAnswer;
  retain(retention: Retention): void;
  hooksView(): HooksView;
  deliveries(hook: string, state: DeliveryState | null, limit: number): readonly Delivery[];
  testHook(hook: string): HookAnswer<Delivery>;
  sendAgain(hook: string, delivery: number | null): HookAnswer<number>;
  enableHook(hook: string): HookAnswer<null>;
  close(): Promise<void>;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the journal's thread asks the main one. */
export interface JournalClientMethods {
  log(level: LogLevel, details: object, message: string): void;
  problem(problem: Problem): void;
  hooksChanged(view: HooksView): void;
  hookStarted(run: string, pid: number, cgroups: readonly string[]): Promise<void>;
  hookEnded(run: string): void;
}

/** Messages that are not answered. */
export const JOURNAL_EVENTS = [
  'log',
  'problem',
  'hooksChanged',
  'hookEnded',
] as const satisfies (keyof JournalClientMethods)[];
