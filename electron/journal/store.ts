import type { HistoryEntry } from '../../shared/history.ts';
import type { HookEvent } from '../../shared/hooks.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Connection } from './connection.ts';
import type { Outbox } from './deliveries.ts';
import { DeliveryTable } from './delivery-table.ts';
import type { Heartbeat, JournalEntry, JournalOpening, RestoredSession, SessionRecord } from './journal.ts';
import { Pruner } from './retention.ts';
import { SessionTable } from './session-table.ts';
import { isConstraintError, refusalKind } from './sqlite-error.ts';

/** An event that hooks may be told of. */
export type HookEntry = JournalEntry & {
  readonly event: Exclude<SessionEvent, { readonly type: 'session:state' }>;
};

/** One thing to be written, in its order among the others. */
export type JournalWrite =
  | { readonly kind: 'event'; readonly entry: JournalEntry }
  | { readonly kind: 'update'; readonly record: SessionRecord }
  | { readonly kind: 'heartbeats'; readonly heartbeats: readonly Heartbeat[] }
  | { readonly kind: 'dismiss'; readonly sessionId: SessionId }
  | { readonly kind: 'adopt'; readonly session: RestoredSession };

/** What the store needs from outside. */
export interface StoreOptions {
  /** The hooks that want this kind of event now. */
  readonly subscribers: (event: HookEvent) => readonly string[];
  /**
   * The envelope of an event, made once. `sequence`: its place among those of its session that hooks can be told of, from 1
   * on. Null: there is nothing that could be told.
   */
  readonly envelope: (entry: HookEntry, sequence: number) => string | null;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly logger: { error(details: object, message: string): void };
}

/**
 * The journal's content: sessions, their events, and what hooks are owed. Synchronous. Methods throw what the database
 * throws: `refusalKind` tells what may pass.
 */
export class JournalStore {
  readonly deliveries: Outbox;
  readonly pruner: Pruner;
  readonly #connection: Connection;
  readonly #sessions: SessionTable;
  readonly #deliveries: DeliveryTable;
  readonly #options: StoreOptions;

  /** @param connection to a file with the schema of this version */
  constructor(connection: Connection, options: StoreOptions) {
    const onDamage = (table: string, id: unknown): void =>
      options.logger.error({ table, id }, 'A row of the journal cannot be read; it is left out');
    this.#connection = connection;
    this.#options = options;
    this.#sessions = new SessionTable(connection, onDamage);
    this.#deliveries = new DeliveryTable(connection, onDamage);
    this.deliveries = this.#deliveries;
    this.pruner = new Pruner(connection, this.#deliveries);
  }

  /** What the last run has left. Before the first write. */
  opening(): JournalOpening {
    this.#deliveries.repair(this.#options.now());
    return { unfinished: this.#sessions.unfinished(), restored: this.#sessions.restored() };
  }

  /**
   * Writes all of it, in order, in one transaction: an event and the deliveries it owes are there together or not at all.
   * An event that is there already is left alone, so that a write may be repeated. One that breaks the rules of the schema,
   * such as a second end of a session, is logged and left out.
   */
  write(writes: readonly JournalWrite[]): void {
    // What changes nothing but signs of life is not worth waiting for the disk.
    const durability = writes.some(({ kind }) => kind === 'event' || kind === 'dismiss' || kind === 'adopt')
      ? 'kept'
      : 'kept_soon';
    try {
      this.#connection.transaction(durability, () => {
        for (const write of writes) this.#apply(write);
      });
    } catch (error) {
      if (refusalKind(error) !== 'other' || writes.length === 0) throw error;
      this.#writeEach(writes, error);
    }
  }

  history(before: SessionId | undefined, limit: number): readonly HistoryEntry[] {
    return this.#sessions.history(before, limit);
  }

  events(id: SessionId): readonly SessionEvent[] | null {
    return this.#sessions.events(id);
  }

  unknown(ids: readonly SessionId[]): readonly SessionId[] {
    return this.#sessions.unknown(ids);
  }

  #apply(write: JournalWrite): void {
    switch (write.kind) {
      case 'event':
        this.#append(write.entry);
        break;
      case 'update':
        this.#sessions.update(write.record, false);
        break;
      case 'heartbeats':
        for (const sign of write.heartbeats) this.#sessions.heartbeat(sign);
        break;
      case 'dismiss':
        this.#sessions.dismiss(write.sessionId);
        break;
      case 'adopt':
        this.#sessions.adopt(write.session);
        break;
    }
  }

  #append(entry: JournalEntry): void {
    let kept: ReturnType<SessionTable['append']>;
    try {
      kept = this.#sessions.append(entry);
    } catch (error) {
      if (!isConstraintError(error)) throw error;
      this.#options.logger.error(
        { err: error, event: entry.event },
        'An event breaks the rules of the journal; it is left out',
      );
      return;
    }
    if (kept.outcome !== 'kept') return;
    // A hook that got the start gets the end, even if only the journal still knows the session.
    const record = entry.record ?? this.#sessions.record(entry.event.sessionId);
    const known = { ...entry, record };
    if (isForHooks(known)) this.#enqueue(known, kept.lane, kept.sequence);
  }

  #enqueue(entry: HookEntry, orderingKey: string, sequence: number): void {
    const { id: eventId, type, sessionId } = entry.event;
    let hooks: readonly string[];
    let body: string | null;
    try {
      hooks = this.#options.subscribers(type);
      body = hooks.length === 0 ? null : this.#options.envelope(entry, sequence);
    } catch (error) {
      // A bug there must not take the event from the history.
      this.#options.logger.error({ err: error, eventId }, 'An event is stored, but not sent to hooks');
      return;
    }
    if (body === null) return;
    this.#deliveries.add({ eventId, event: type, sessionId, orderingKey, body }, hooks, this.#options.now());
  }

  /** One write that cannot be, which is a bug, takes no other with it. */
  #writeEach(writes: readonly JournalWrite[], cause: unknown): void {
    this.#options.logger.error({ err: cause }, 'A write to the journal failed; each part of it is tried alone');
    for (const write of writes) {
      try {
        this.#connection.transaction('kept', () => this.#apply(write));
      } catch (error) {
        if (refusalKind(error) !== 'other') throw error;
        this.#options.logger.error({ err: error, kind: write.kind }, 'Something could not be kept in the journal');
      }
    }
  }
}

function isForHooks(entry: JournalEntry): entry is HookEntry {
  return entry.event.type !== 'session:state';
}
