import type { SessionId } from '../../shared/session.ts';
import type { JournalEntry, SessionRecord, SignOfLife } from './journal.ts';
import type { JournalWrite } from './store.ts';

/** Writes that are held in memory before some are dropped: about 50 MB of them. */
const MAX_HELD = 20_000;
/** Writes that go into one transaction: copying them to the journal's thread keeps this one busy for 1 to 3 ms at most. */
export const BATCH = 100;

interface Held {
  readonly write: JournalWrite;
  readonly done: () => void;
}

const nobody = (): void => {};

/**
 * What is to be written to the journal, in order. Nothing leaves it before it is known to be written. Of what is known of a
 * session, and of its signs of life, only the latest is kept.
 */
export class WriteQueue {
  #held: Held[] = [];
  /** How many of them, from the first on, are under way. */
  #underWay = 0;
  readonly #signs = new Map<SessionId, SignOfLife>();
  #bound: number;
  readonly #max: number;
  readonly #onDropped: () => void;

  /** @param onDropped some were given up, because too many are held */
  constructor(onDropped: () => void, max: number = MAX_HELD) {
    this.#onDropped = onDropped;
    this.#bound = max;
    this.#max = max;
  }

  get length(): number {
    return this.#held.length;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0 && this.#signs.size === 0;
  }

  /** Resolves when it is written, or released. */
  event(entry: JournalEntry): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ write: { kind: 'event', entry }, done: resolve });
    if (entry.event.type === 'session:end') this.#signs.delete(entry.event.sessionId);
    if (this.#held.length > this.#bound) this.#drop();
    return promise;
  }

  note(record: SessionRecord): void {
    const older = this.#held.findLastIndex(({ write }) => write.kind === 'note' && write.record.id === record.id);
    if (older >= this.#underWay) this.#held.splice(older, 1);
    this.#held.push({ write: { kind: 'note', record }, done: nobody });
  }

  alive(signs: readonly SignOfLife[]): void {
    for (const sign of signs) this.#signs.set(sign.sessionId, sign);
  }

  dismissed(sessionId: SessionId): void {
    this.#held.push({ write: { kind: 'dismissed', sessionId }, done: nobody });
  }

  /** The next ones to be written together; signs of life with the last. They are under way until `written` or `refused`. */
  take(limit: number = BATCH): readonly JournalWrite[] {
    this.#underWay = Math.min(limit, this.#held.length);
    const batch = this.#held.slice(0, this.#underWay).map(({ write }) => write);
    if (this.#underWay < this.#held.length || this.#signs.size === 0) return batch;
    // Those that get lost on the way are followed by others in a few seconds.
    const signs = [...this.#signs.values()];
    this.#signs.clear();
    return [...batch, { kind: 'alive', signs }];
  }

  /** What was taken last is written. */
  written(): void {
    for (const { done } of this.#held.splice(0, this.#underWay)) done();
    this.#underWay = 0;
  }

  /** What was taken last is not written; it comes again, in the same order. */
  refused(): void {
    this.#underWay = 0;
  }

  /** The first one is given up. */
  giveUpFirst(): void {
    this.#held.shift()?.done();
  }

  /** Lets go whoever waits for a write. What they wait for stays in the queue. */
  release(): void {
    for (const { done } of this.#held) done();
  }

  /** Changes of state are the most, and tell the least; then goes all but starts and ends, of which a session has two. */
  #drop(): void {
    const before = this.#held.length;
    this.#keepWaiting(({ write }) => write.kind !== 'event' || write.entry.event.type !== 'session:state');
    if (this.#held.length > this.#bound / 2) {
      this.#keepWaiting(({ write }) => write.kind !== 'event' || isBound(write.entry.event.type));
    }
    if (this.#held.length < before) this.#onDropped();
    this.#bound = Math.max(this.#max, this.#held.length * 2);
  }

  #keepWaiting(isKept: (held: Held) => boolean): void {
    this.#held = this.#held.filter((held, index) => {
      const kept = index < this.#underWay || isKept(held);
      if (!kept) held.done();
      return kept;
    });
  }
}

function isBound(type: JournalEntry['event']['type']): boolean {
  return type === 'session:start' || type === 'session:end';
}
