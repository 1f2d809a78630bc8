import { isLive, type SessionId } from '../../shared/session.ts';
import type { Remains } from './ended-session.ts';
import { Session } from './session.ts';
import { makesWay } from './tab.ts';

/** Of so many sessions that are forgotten it is known that they made way. */
const MAX_GONE = 10_000;

/** Everything that has a tab, in the order of the tabs: sessions, and what remains of those of an earlier run. */
export class SessionTabs {
  readonly #tabs = new Map<SessionId, Session | Remains>();
  /** The session that was opened in the place of another, by the id of that; while it is in memory. */
  readonly #successors = new Map<SessionId, SessionId>();
  /** Sessions that made way for a fresh one, and are forgotten here; windows may show them still. */
  readonly #gone = new Set<SessionId>();

  /** All ids, in order. */
  get ids(): SessionId[] {
    return [...this.#tabs.keys()];
  }

  all(): readonly (Session | Remains)[] {
    return [...this.#tabs.values()];
  }

  get(id: SessionId | undefined): Session | Remains | undefined {
    return id === undefined ? undefined : this.#tabs.get(id);
  }

  /** The sessions of this run. */
  sessions(): readonly Session[] {
    return this.all().filter((tab) => tab instanceof Session);
  }

  session(id: SessionId | undefined): Session | undefined {
    const tab = this.get(id);
    return tab instanceof Session ? tab : undefined;
  }

  /** Sessions whose shell has not ended. */
  live(): readonly Session[] {
    return this.sessions().filter((session) => isLive(session.state));
  }

  /**
   * Adds a session: behind the tab that it takes the place of, else at the end. What ended to make way for it has its
   * successor then.
   */
  add(session: Session, previous?: Session | Remains): void {
    const { previousId } = session;
    this.#tabs.set(session.id, session);
    if (previousId !== null && this.#gone.has(previousId)) this.succeed(previousId, session);
    if (previous === undefined) return;
    if (previous instanceof Session && makesWay(previous)) this.succeed(previous.id, session);
    const ids = this.ids.filter((id) => id !== session.id);
    this.#order(ids.toSpliced(ids.indexOf(previous.id) + 1, 0, session.id));
  }

  /** Adds tabs before all others. */
  addFirst(tabs: readonly Remains[]): void {
    const others = this.ids;
    for (const tab of tabs) this.#tabs.set(tab.id, tab);
    this.#order([...tabs.map(({ id }) => id), ...others]);
  }

  delete(id: SessionId): void {
    const session = this.session(id);
    this.#tabs.delete(id);
    if (session === undefined) return;
    const { previousId } = session;
    if (previousId !== null && this.#successors.get(previousId) === id) this.#successors.delete(previousId);
    if (!makesWay(session)) return;
    this.#gone.add(id);
    const [oldest] = this.#gone;
    if (oldest !== undefined && this.#gone.size > MAX_GONE) this.#gone.delete(oldest);
  }

  /** Puts the tabs into this order; those not named keep their places after the named ones. */
  reorder(ids: readonly SessionId[]): void {
    const named = new Set(ids.filter((id) => this.#tabs.has(id)));
    this.#order([...named, ...this.ids.filter((id) => !named.has(id))]);
  }

  /** This session has taken the place of that one. */
  succeed(previousId: SessionId, session: Session): void {
    this.#successors.set(previousId, session.id);
  }

  /**
   * The session that took the place of one which ended to make way for it, if it still runs. However many windows ask for
   * a successor, because a key was pressed in each of them, there is one; also when the old tab is forgotten already.
   */
  successorOf(id: SessionId | undefined): Session | null {
    const session = id === undefined ? undefined : this.session(this.#successors.get(id));
    return session === undefined || session.ended !== null ? null : session;
  }

  #order(ids: readonly SessionId[]): void {
    const tabs = ids.flatMap((id) => this.#tabs.get(id) ?? []);
    this.#tabs.clear();
    for (const tab of tabs) this.#tabs.set(tab.id, tab);
  }
}
