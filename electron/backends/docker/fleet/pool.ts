import type { ContainerOptions } from '../../../../shared/profile.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import type { Logger } from '../../../base/logger.ts';
import { pauseFor } from '../../../processes/close-ladder.ts';
import type { DockerEngine } from '../client/engine.ts';
import { type Recipe, recipeKey } from '../container/container-template.ts';
import type { DockerProcess } from '../container/docker-process.ts';
import { isStillThere, type MountableFolder } from '../container/mount-folder.ts';

/** A container that has waited this long is replaced rather than handed out, in milliseconds. */
const MAX_AGE_MS = 60 * 60 * 1_000;
/** How many are made at a time, so that a session that somebody waits for is not held up. */
const AT_A_TIME = 2;
/** The pause after a failure, in milliseconds; doubled with each further one, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5 * 60 * 1_000;
/** How long a drain at the end may take, in milliseconds; what is left then is owed by the engine. */
const DRAIN_MS = 900;

/** A container that was made ahead. */
interface Ready {
  readonly process: DockerProcess;
  readonly imageId: string;
  readonly folder: MountableFolder | null;
}

export type Made =
  | { readonly ok: true; readonly ready: Ready }
  | { readonly ok: false; readonly failure: StartFailure };

/** What a pool works with. */
export interface PoolOptions {
  readonly engine: Pick<DockerEngine, 'image' | 'onLost' | 'onReachable'>;
  readonly log: Logger;
  /** Makes one; when `signal` aborts first, nothing is left of it. Does not reject for expected failures. */
  make(recipe: Recipe, pull: ContainerOptions['pull'], signal: AbortSignal): Promise<Made>;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  readonly maxAgeMs?: number;
}

/** One that waits. */
interface Member extends Ready {
  readonly bornAt: number;
}

/** What is kept ready for one profile as it is now. */
interface Shelf {
  readonly recipe: Recipe;
  readonly closed: AbortController;
  wanted: number;
  members: Member[];
  making: number;
  failures: number;
  /** The failure that was logged last: the same one is told once. */
  told: string | null;
  retry: NodeJS.Timeout | null;
}

/** How long whoever was handed one has engine and machine to themselves before the next is made, in milliseconds. */
const REFILL_AFTER_MS = 100;

/**
 * Containers that are started and attached ahead, for profiles that ask for it. Each is handed out once and never comes
 * back; the next is made in the background. One that has ended, has grown old, or whose profile, image or folder is not
 * what it was, is removed instead.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #shelves = new Map<string, Shelf>();
  /** What is being taken down. */
  readonly #leaving = new Set<Promise<unknown>>();
  #unsubscribe: (() => void) | null = null;
  #refill: NodeJS.Timeout | null = null;
  #isAway = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Whether this container waits here. */
  holds(containerId: string): boolean {
    return [...this.#shelves.values()].some((shelf) =>
      shelf.members.some(({ process }) => process.container.id === containerId),
    );
  }

  /** From now on these are kept ready, this many of each, and no others. */
  keep(wanted: readonly { readonly recipe: Recipe; readonly count: number }[]): void {
    if (this.#isClosed) return;
    const keys = new Map(
      wanted.filter(({ count }) => count > 0).map(({ recipe, count }) => [recipeKey(recipe), { recipe, count }]),
    );
    for (const [key, shelf] of this.#shelves) {
      if (!keys.has(key)) this.#closeShelf(key, shelf);
    }
    for (const [key, { recipe, count }] of keys) {
      const shelf = this.#shelves.get(key) ?? this.#openShelf(key, recipe);
      shelf.wanted = count;
      for (const member of shelf.members.splice(count)) this.#discard(member);
    }
    this.#follow();
    this.#fill();
  }

  /** Hands out one that runs; null when there is none. Nothing is asked of the engine for it. */
  async take(recipe: Recipe): Promise<DockerProcess | null> {
    const shelf = this.#shelves.get(recipeKey(recipe));
    if (shelf === undefined || this.#isClosed) return null;
    try {
      for (let member = shelf.members.shift(); member !== undefined; member = shelf.members.shift()) {
        const isUsable = this.#isFresh(member) && (member.folder === null || (await isStillThere(member.folder)));
        if (isUsable && member.process.isRunning) {
          shelf.failures = 0;
          return member.process;
        }
        this.#discard(member);
      }
      return null;
    } finally {
      this.#refill ??= setTimeout(() => {
        this.#refill = null;
        this.#fill();
      }, REFILL_AFTER_MS);
    }
  }

  /** This image is what its name stands for now: others of that name are replaced. */
  noteImage(reference: string, imageId: string): void {
    for (const shelf of this.#shelves.values()) {
      if (shelf.recipe.options.image !== reference) continue;
      this.#drop(shelf, (member) => member.imageId !== imageId);
      // It may have been what was missing.
      shelf.failures = 0;
    }
    this.#fill();
  }

  /** A regular look: replaces what is old, and what was made of an image that has been replaced. Never rejects. */
  async tend(): Promise<void> {
    const shelves = [...this.#shelves.values()].filter((shelf) => shelf.members.length > 0);
    for (const shelf of shelves) {
      this.#drop(shelf, (member) => !this.#isFresh(member) || !member.process.isRunning);
      const { image } = shelf.recipe.options;
      const found = await this.#options.engine.image({ image, pull: 'never' }, () => {}, shelf.closed.signal);
      if (found.ok) this.#drop(shelf, (member) => member.imageId !== found.image.id);
    }
    this.#fill();
  }

  /** SIGKILL to all of them, without waiting. */
  killNow(): void {
    for (const shelf of this.#shelves.values()) for (const { process } of shelf.members) process.killNow();
  }

  /** Ends all of them. Resolves within a second; what is not gone by then is owed by the engine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#refill !== null) clearTimeout(this.#refill);
    for (const [key, shelf] of this.#shelves) this.#closeShelf(key, shelf);
    this.#follow();
    const leaving = Promise.all(this.#leaving);
    await pauseFor(
      DRAIN_MS,
      leaving.then(() => undefined),
    );
  }

  #isFresh({ bornAt }: Member): boolean {
    return this.#options.now() - bornAt < (this.#options.maxAgeMs ?? MAX_AGE_MS);
  }

  #openShelf(key: string, recipe: Recipe): Shelf {
    const shelf: Shelf = {
      recipe,
      closed: new AbortController(),
      wanted: 0,
      members: [],
      making: 0,
      failures: 0,
      told: null,
      retry: null,
    };
    this.#shelves.set(key, shelf);
    return shelf;
  }

  #closeShelf(key: string, shelf: Shelf): void {
    this.#shelves.delete(key);
    shelf.wanted = 0;
    shelf.closed.abort();
    if (shelf.retry !== null) clearTimeout(shelf.retry);
    shelf.retry = null;
    this.#drop(shelf, () => true);
  }

  /** The engine is followed only while something is to be kept ready. */
  #follow(): void {
    if (this.#shelves.size === 0) {
      this.#unsubscribe?.();
      this.#unsubscribe = null;
      return;
    }
    if (this.#unsubscribe !== null) return;
    const { engine } = this.#options;
    const offLost = engine.onLost(() => {
      this.#isAway = true;
      for (const shelf of this.#shelves.values()) this.#drop(shelf, () => true);
    });
    const offReachable = engine.onReachable(() => {
      this.#isAway = false;
      for (const shelf of this.#shelves.values()) shelf.failures = 0;
      this.#fill();
    });
    this.#unsubscribe = () => {
      offLost();
      offReachable();
    };
  }

  #drop(shelf: Shelf, isUnfit: (member: Member) => boolean): void {
    for (const member of shelf.members.filter(isUnfit)) {
      shelf.members.splice(shelf.members.indexOf(member), 1);
      this.#discard(member);
    }
  }

  #discard({ process }: Member): void {
    const { log } = this.#options;
    const leaving = process
      .terminate(0)
      .catch((error: unknown) => log.error({ err: error }, 'A container that was kept ready could not be ended'))
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #fill(): void {
    if (this.#isClosed || this.#isAway) return;
    let making = [...this.#shelves.values()].reduce((sum, shelf) => sum + shelf.making, 0);
    for (const shelf of this.#shelves.values()) {
      while (making < AT_A_TIME && shelf.retry === null && shelf.members.length + shelf.making < shelf.wanted) {
        making += 1;
        shelf.making += 1;
        const work = this.#add(shelf).finally(() => this.#leaving.delete(work));
        this.#leaving.add(work);
      }
    }
  }

  /** Makes one more and puts it on the shelf. Never rejects. */
  async #add(shelf: Shelf): Promise<void> {
    const { log, make, now } = this.#options;
    const { recipe, closed } = shelf;
    // An image that is missing is got when somebody opens a session and sees it happen, not behind the scenes.
    const pull = recipe.options.pull === 'always' ? 'always' : 'never';
    let made: Made;
    try {
      made = await make(recipe, pull, closed.signal);
    } catch (error) {
      log.error({ err: error, profile: recipe.profileId }, 'Keeping a container ready threw');
      made = { ok: false, failure: { stage: 'create', message: String(error), hint: '' } };
    }
    shelf.making -= 1;
    if (made.ok) this.#shelve(shelf, { ...made.ready, bornAt: now() });
    else if (!closed.signal.aborted) this.#backOff(shelf, made.failure);
    this.#fill();
  }

  #shelve(shelf: Shelf, member: Member): void {
    if (shelf.closed.signal.aborted || shelf.members.length >= shelf.wanted) {
      this.#discard(member);
      return;
    }
    this.#drop(shelf, ({ imageId }) => imageId !== member.imageId);
    shelf.members.push(member);
    shelf.told = null;
    const { id } = member.process.container;
    this.#options.log.debug({ profile: shelf.recipe.profileId, containerId: id }, 'A container is ready');
    void member.process.over.then(() => {
      if (!shelf.members.includes(member)) return;
      this.#drop(shelf, (other) => other === member);
      const message = `A container that was kept ready has ended (${member.process.command})`;
      this.#backOff(shelf, { stage: 'start', message, hint: 'Its shell may end at once.' });
    });
  }

  /** Tries again later, ever later. The engine's absence is told elsewhere, and its return is heard of. */
  #backOff(shelf: Shelf, failure: StartFailure): void {
    if (failure.stage === 'engine' || shelf.closed.signal.aborted) return;
    if (shelf.told !== failure.message) {
      this.#options.log.warn({ profile: shelf.recipe.profileId, failure }, 'No container is kept ready');
      shelf.told = failure.message;
    }
    if (shelf.retry !== null) return;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(shelf.failures, 20), LONGEST_PAUSE_MS);
    shelf.failures += 1;
    shelf.retry = setTimeout(() => {
      shelf.retry = null;
      this.#fill();
    }, pauseMs);
  }
}
