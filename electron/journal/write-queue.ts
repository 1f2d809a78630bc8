import type { SessionId } from '../../shared/session.ts';
import type { Heartbeat, JournalEntry, SessionRecord } from './journal.ts';
import type { JournalWrite } from './store.ts';

/** Writes that are held in memory before some are dropped: about 50 MB of them. */
const MAX_PENDING = 20_000;
/** Writes that go into one transaction: copying them to the journal's thread keeps this one busy for 1 to 3 ms at most. */
const BATCH = 100;

interface PendingWrite {
  readonly write: JournalWrite;
  readonly done: () => void;
}

const noop = (): void => {};

/**
 * What is to be written to the journal, in order. Nothing leaves it before it is known to be written. Of what is known of a
 * session, and of its signs of life, only the latest is kept.
 */
export class WriteQueue {
  #pending: PendingWrite[] = [];
  /** How many of them, from the first on, are under way. */
  #inFlight = 0;
  readonly #heartbeats = new Map<SessionId, Heartbeat>();
  #bound: number;
  readonly #max: number;
  readonly #onDropped: () => void;

  /** @param onDropped some were given up, because too many are held */
  constructor(onDropped: () => void, max: number = MAX_PENDING) {
    this.#onDropped = onDropped;
    this.#bound = max;
    this.#max = max;
  }

  get length(): number {
    return this.#pending.length;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#heartbeats.size === 0;
  }

  /** Resolves when it is written, or released. */
  event(entry: JournalEntry): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.push({ write: { kind: 'event', entry }, done: resolve });
    if (entry.event.type === 'session:end') this.#heartbeats.delete(entry.event.sessionId);
    if (this.#pending.length > this.#bound) this.#drop();
    return promise;
  }

  update(record: SessionRecord): void {
    const older = this.#pending.findLastIndex(({ write }) => write.kind === 'update' && write.record.id === record.id);
    if (older >= this.#inFlight) this.#pending.splice(older, 1);
    this.#pending.push({ write: { kind: 'update', record }, done: noop });
  }

  heartbeat(signs: readonly Heartbeat[]): void {
    for (const sign of signs) this.#heartbeats.set(sign.sessionId, sign);
  }

  dismiss(sessionId: SessionId): void {
    this.#pending.push({ write: { kind: 'dismiss', sessionId }, done: noop });
  }

  /** The next ones to be written together; signs of life with the last. They are under way until `written` or `refused`. */
  take(limit: number = BATCH): readonly JournalWrite[] {
    this.#inFlight = Math.min(limit, this.#pending.length);
    const batch = this.#pending.slice(0, this.#inFlight).map(({ write }) => write);
    if (this.#inFlight < this.#pending.length || this.#heartbeats.size === 0) return batch;
    // Those that get lost on the way are followed by others in a few seconds.
    const signs = [...this.#heartbeats.values()];
    this.#heartbeats.clear();
    return [...batch, { kind: 'heartbeats', heartbeats: signs }];
  }

  /** What was taken last is written. */
  written(): void {
    for (const { done } of this.#pending.splice(0, this.#inFlight)) done();
    this.#inFlight = 0;
  }

  /** What was taken last is not written; it comes again, in the same order. */
  refused(): void {
    this.#inFlight = 0;
  }

  /** The first one is given up. */
  dropFirst(): void {
    this.#pending.shift()?.done();
  }

  /** Lets go whoever waits for a write. What they wait for stays in the queue. */
  release(): void {
    for (const { done } of this.#pending) done();
  }

  /** Changes of state are the most, and tell the least; then goes all but starts and ends, of which a session has two. */
  #drop(): void {
    const before = this.#pending.length;
    this.#filter(({ write }) => write.kind !== 'event' || write.entry.event.type !== 'session:state');
    if (this.#pending.length > this.#bound / 2) {
      this.#filter(({ write }) => write.kind !== 'event' || isStartOrEnd(write.entry.event.type));
    }
    if (this.#pending.length < before) this.#onDropped();
    this.#bound = Math.max(this.#max, this.#pending.length * 2);
  }

  #filter(isKept: (held: PendingWrite) => boolean): void {
    this.#pending = this.#pending.filter((held, index) => {
      const kept = index < this.#inFlight || isKept(held);
      if (!kept) held.done();
      return kept;
    });
  }
}

function isStartOrEnd(type: JournalEntry['event']['type']): boolean {
  return type === 'session:start' || type === 'session:end';
}
