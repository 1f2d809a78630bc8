import type { SessionEvent } from '../../shared/session.ts';

/** An event before it has its id, its session and its time. */
export type NewEvent = SessionEvent extends infer E
  ? E extends SessionEvent
    ? Omit<E, 'id' | 'sessionId' | 'at'>
    : never
  : never;

/** So many of a session's first and of its latest events are kept in memory. */
const FIRST_EVENTS = 1_000;
const LATEST_EVENTS = 4_000;
/** So many are left out at a time, so that most events are only added. */
const LEFT_OUT_AT_ONCE = 500;

/**
 * A session's events, oldest first, within a bound: a shell that is used for weeks changes its state a hundred thousand times.
 * What is left out between the first and the latest is counted; changes of state go before anything else.
 */
export class SessionEvents {
  readonly #kept: SessionEvent[];
  #leftOut = 0;

  constructor(restored: readonly SessionEvent[] = []) {
    this.#kept = [...restored];
  }

  /** Those that are kept; the array grows with the session. */
  get kept(): readonly SessionEvent[] {
    return this.#kept;
  }

  /** How many are not kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  add(event: SessionEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > FIRST_EVENTS + LATEST_EVENTS + LEFT_OUT_AT_ONCE) this.#leaveOut();
  }

  #leaveOut(): void {
    const middle = this.#kept.slice(FIRST_EVENTS, -LATEST_EVENTS);
    const older = this.#kept.slice(FIRST_EVENTS, -LATEST_EVENTS / 2);
    const states = older.filter(({ type }) => type === 'session:state').slice(0, LEFT_OUT_AT_ONCE);
    const going = new Set(states.length === LEFT_OUT_AT_ONCE ? states : middle.slice(0, LEFT_OUT_AT_ONCE));
    const rest = this.#kept.slice(FIRST_EVENTS).filter((event) => !going.has(event));
    this.#kept.splice(FIRST_EVENTS, this.#kept.length, ...rest);
    this.#leftOut += going.size;
  }
}
