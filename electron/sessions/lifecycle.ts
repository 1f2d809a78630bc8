import { type SessionEvent, type SessionId, type SessionState, TRANSITIONS } from '../../shared/session.ts';
import type { Clock } from '../base/clock.ts';
import type { RecordedFile } from '../journal/journal.ts';
import { type NewEvent, SessionEvents } from './session-events.ts';

export interface LifecycleOptions {
  readonly sessionId: SessionId;
  /** When the session was created, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly clock: Pick<Clock, 'wall'>;
  /** What happened to it in an earlier run of the app, oldest first. */
  readonly restoredEvents?: readonly SessionEvent[] | undefined;
  /** A unique id for an event. */
  newEventId(): string;
  /** It has happened. `recording`: with `session:end`, what was recorded of the session; null where nothing was. */
  onEvent(event: SessionEvent, recording: RecordedFile | null): void;
  /** The state is another one. */
  onChange(): void;
}

/** A session's state and what has happened to it. Nothing else changes either. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #events: SessionEvents;
  #state: SessionState = 'starting';

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#events = new SessionEvents(options.restoredEvents);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** What has happened, within a bound. */
  get events(): SessionEvents {
    return this.#events;
  }

  /** Milliseconds since the Unix epoch, and never before the session was created, however the wall clock is set meanwhile. */
  wall(): number {
    return Math.max(this.#options.createdAt, this.#options.clock.wall());
  }

  /** Continues in the state that the session had in an earlier run of the app. */
  restore(state: SessionState): void {
    this.#state = state;
  }

  /** Follows the transition table; anything else is a bug. */
  transition(to: SessionState): void {
    const from = this.#state;
    if (from === to) return;
    if (!TRANSITIONS[from].includes(to)) throw new Error(`A session cannot go from ${from} to ${to}`);
    this.#state = to;
    this.emit({ type: 'session:state', from, to });
    this.#options.onChange();
  }

  /** An event of this session, now; it is not emitted yet. */
  stamp<E extends NewEvent>(event: E): E & { readonly id: string; readonly sessionId: SessionId; readonly at: number } {
    return { id: this.#options.newEventId(), sessionId: this.#options.sessionId, at: this.wall(), ...event };
  }

  emit(event: NewEvent): void {
    this.publish(this.stamp(event));
  }

  /** Keeps an event that was stamped, and emits it. */
  publish(event: SessionEvent, recording: RecordedFile | null = null): void {
    this.#events.add(event);
    this.#options.onEvent(event, recording);
  }
}
