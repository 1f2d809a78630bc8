import type { SessionEvent, SessionId } from '../../../shared/session.ts';

/** Counts each limit that ran out once: when it freezes a session, and when it ends one that it had not frozen before. */
export class ExpiryCount {
  readonly #onExpired: () => void;
  /** Sessions that one of their limits has frozen. */
  readonly #frozen = new Set<SessionId>();

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** Takes the next event of any session. */
  take(event: SessionEvent): void {
    const { sessionId } = event;
    if (event.type === 'session:frozen' && event.by !== null) {
      this.#frozen.add(sessionId);
      this.#onExpired();
    } else if (event.type === 'session:thawed') this.#frozen.delete(sessionId);
    else if (event.type === 'session:end' && !this.#frozen.delete(sessionId) && event.end.expired !== null)
      this.#onExpired();
  }
}
