import type { SessionId } from '../../shared/session.ts';
import type { Session } from './session.ts';
import type { Tab } from './tab.ts';

/** How many sessions that were replaced, and are forgotten here, are still known to have been. */
const MAX_REPLACED = 10_000;

/** Everything that has a tab, in the order of the tabs: sessions of this run, and those that an earlier run left. */
export class SessionTabs {
  readonly #tabs = new Map<SessionId, Tab>();
  /** Those of them that are sessions of this run. */
  readonly #sessions = new Map<SessionId, Session>();
  /** The session that took the place of another, by the id of that one; while it is in memory. */
  readonly #successors = new Map<SessionId, SessionId>();
  /** Sessions that were replaced and are forgotten here; windows may show them still. */
  readonly #replaced = new Set<SessionId>();

  /** All ids, in order. */
  get ids(): SessionId[] {
    return [...this.#tabs.keys()];
  }

  all(): readonly Tab[] {
    return [...this.#tabs.values()];
  }

  get(id: SessionId | undefined): Tab | undefined {
    return id === undefined ? undefined : this.#tabs.get(id);
  }

  /** The sessions of this run, in the order of their tabs. */
  sessions(): readonly Session[] {
    return this.ids.flatMap((id) => this.#sessions.get(id) ?? []);
  }

  session(id: SessionId | undefined): Session | undefined {
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  /** Sessions whose shell has not ended. */
  live(): readonly Session[] {
    return this.sessions().filter(({ hasEnded }) => !hasEnded);
  }

  /**
   * Adds a session: behind the tab that it takes the place of, else at the end. If that one ended to be replaced, the session
   * is its successor.
   */
  add(session: Session, previous?: Tab): void {
    const { previousId } = session;
    this.#tabs.set(session.id, session);
    this.#sessions.set(session.id, session);
    if (previousId !== null && this.#replaced.has(previousId)) this.succeed(previousId, session);
    if (previous === undefined) return;
    if (previous.isReplaced) this.succeed(previous.id, session);
    const ids = this.ids.filter((id) => id !== session.id);
    this.#order(ids.toSpliced(ids.indexOf(previous.id) + 1, 0, session.id));
  }

  /** Adds tabs before all others. */
  addFirst(tabs: readonly Tab[]): void {
    const others = this.ids;
    for (const tab of tabs) this.#tabs.set(tab.id, tab);
    this.#order([...tabs.map(({ id }) => id), ...others]);
  }

  delete(id: SessionId): void {
    const session = this.session(id);
    this.#tabs.delete(id);
    this.#sessions.delete(id);
    if (session === undefined) return;
    const { previousId } = session;
    if (previousId !== null && this.#successors.get(previousId) === id) this.#successors.delete(previousId);
    if (!session.isReplaced) return;
    this.#replaced.add(id);
    const [oldest] = this.#replaced;
    if (oldest !== undefined && this.#replaced.size > MAX_REPLACED) this.#replaced.delete(oldest);
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
   * The session that took the place of one which ended to be replaced, if it still runs. However many windows ask for a
   * successor, because a key was pressed in each of them, there is one; also when the old tab is forgotten already.
   */
  successorOf(id: SessionId | undefined): Session | null {
    const session = id === undefined ? undefined : this.session(this.#successors.get(id));
    return session === undefined || session.hasEnded ? null : session;
  }

  #order(ids: readonly SessionId[]): void {
    const tabs = ids.flatMap((id) => this.#tabs.get(id) ?? []);
    this.#tabs.clear();
    for (const tab of tabs) this.#tabs.set(tab.id, tab);
  }
}
