import type { EngineAddress, Survival, TrackedSession } from '../processes/tracker.ts';
import type { ContainerOwner, ReaperMessage } from './messages.ts';

/** A session of which something may be left. */
export interface ReapableSession extends TrackedSession {
  /** Private files that go with it. */
  readonly folders: readonly string[];
}

/** An engine at which containers may have been made. */
export interface ReapableEngine {
  readonly address: EngineAddress;
  /** Labels of those whose ids are not known; null when there are none. */
  readonly owner: ContainerOwner | null;
}

/** A container that may be left. */
export interface ReapableContainer {
  readonly address: EngineAddress;
  /** Until when it outlives the app; null: it goes with it. */
  readonly survival: Survival | null;
}

/** The app that is watched. */
export interface WatchedApp {
  readonly pid: number;
  readonly roots: readonly string[];
}

const NOTHING: ReapableSession = { shell: null, cgroups: [], folders: [] };

/** What would be left if the app died now. Both the app and the reaper keep it; a new reaper gets all of it. */
export class TrackedSessions {
  readonly #sessions = new Map<string, ReapableSession>();
  readonly #containers = new Map<string, ReapableContainer>();
  readonly #engines = new Map<string, ReapableEngine>();
  #app: WatchedApp | null = null;
  #isDone = false;

  get app(): WatchedApp | null {
    return this.#app;
  }

  get sessions(): ReadonlyMap<string, ReapableSession> {
    return this.#sessions;
  }

  get containers(): ReadonlyMap<string, ReapableContainer> {
    return this.#containers;
  }

  /** Where containers were or may have been made. */
  get engines(): readonly ReapableEngine[] {
    return [...this.#engines.values()];
  }

  /** The app has said that it quits. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Nothing that is known of would be left. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0 && this.#containers.size === 0;
  }

  apply(message: ReaperMessage): void {
    switch (message.kind) {
      case 'app':
        this.#app = { pid: message.pid, roots: message.roots };
        break;
      case 'session': {
        const { folders } = this.#sessions.get(message.id) ?? NOTHING;
        this.#sessions.set(message.id, { shell: message.shell, cgroups: message.cgroups, folders });
        break;
      }
      case 'folder': {
        const session = this.#sessions.get(message.session) ?? NOTHING;
        this.#sessions.set(message.session, { ...session, folders: [...session.folders, message.path] });
        break;
      }
      case 'ended':
        this.#sessions.delete(message.session);
        break;
      case 'engine':
        this.#engines.set(addressKey(message.address), { address: message.address, owner: message.owner });
        break;
      case 'created': {
        const key = addressKey(message.address);
        if (!this.#engines.has(key)) this.#engines.set(key, { address: message.address, owner: null });
        this.#containers.set(message.id, { address: message.address, survival: message.survival ?? null });
        break;
      }
      case 'removed':
        this.#containers.delete(message.id);
        break;
      case 'done':
        this.#isDone = true;
        break;
    }
  }

  /** Messages that give another one the same content. */
  *messages(): Generator<ReaperMessage> {
    if (this.#app !== null) yield { kind: 'app', ...this.#app, roots: [...this.#app.roots] };
    for (const [id, { shell, cgroups, folders }] of this.#sessions) {
      yield { kind: 'session', id, shell, cgroups: [...cgroups] };
      for (const path of folders) yield { kind: 'folder', session: id, path };
    }
    for (const { address, owner } of this.#engines.values()) {
      if (owner !== null) yield { kind: 'engine', address, owner };
    }
    for (const [id, { address, survival }] of this.#containers) {
      yield { kind: 'created', id, address, ...(survival === null ? {} : { survival }) };
    }
    if (this.#isDone) yield { kind: 'done' };
  }
}

/** The same for the same place. */
export function addressKey(address: EngineAddress): string {
  return address.kind === 'socket' ? address.path : `${address.host}:${address.port}${address.pathPrefix}`;
}
