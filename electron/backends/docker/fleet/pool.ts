import type { ContainerOptions } from '../../../../shared/profile.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import type { Logger } from '../../../base/logger.ts';
import { withDeadline } from '../../../base/with-deadline.ts';
import type { DockerEngine } from '../client/engine.ts';
import type { AllocatedContainer, AllocationResult } from '../container/container-allocator.ts';
import { type ContainerTemplate, templateKey } from '../container/container-template.ts';
import type { DockerProcess } from '../container/docker-process.ts';
import { isStillThere } from '../container/mount-folder.ts';

/** A container that has waited this long is replaced rather than handed out, in milliseconds. */
const MAX_AGE_MS = 60 * 60 * 1_000;
/** How many are made at a time, so that a session that a user waits for is not held up. */
const AT_A_TIME = 2;
/** The backoff after a failure, in milliseconds; doubled with each further one, up to the longest. */
const INITIAL_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5 * 60 * 1_000;
/** How long a drain at the end may take, in milliseconds; what is left then is removed later. */
const DRAIN_MS = 900;

/** What a pool works with. */
export interface PoolOptions {
  readonly engine: Pick<DockerEngine, 'image' | 'onLost' | 'onReachable'>;
  readonly log: Logger;
  /** Makes one; when `signal` aborts first, nothing is left of it. Does not reject for expected failures. */
  allocate(template: ContainerTemplate, pull: ContainerOptions['pull'], signal: AbortSignal): Promise<AllocationResult>;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  readonly maxAgeMs?: number | undefined;
}

/** One that waits. */
interface Member extends AllocatedContainer {
  readonly bornAt: number;
}

/** What is kept ready for one profile as it is now. */
interface Bucket {
  readonly template: ContainerTemplate;
  readonly closed: AbortController;
  wanted: number;
  members: Member[];
  making: number;
  failures: number;
  /** The failure that was logged last: the same one is logged once. */
  loggedFailure: string | null;
  retry: NodeJS.Timeout | null;
}

/** How long a session that was handed a container has engine and machine to itself before the next is made, in milliseconds. */
const REFILL_AFTER_MS = 100;

/**
 * Containers that are started and attached ahead, for profiles that ask for it. Each is handed out once and never comes
 * back; the next is made in the background. One that has ended, has grown old, or whose profile, image or folder is not
 * what it was, is removed instead.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #buckets = new Map<string, Bucket>();
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
  has(containerId: string): boolean {
    return [...this.#buckets.values()].some((bucket) =>
      bucket.members.some(({ process }) => process.container.id === containerId),
    );
  }

  /** From now on these are kept ready, this many of each, and no others. */
  keep(wanted: readonly { readonly template: ContainerTemplate; readonly count: number }[]): void {
    if (this.#isClosed) return;
    const keys = new Map(
      wanted
        .filter(({ count }) => count > 0)
        .map(({ template, count }) => [templateKey(template), { template, count }]),
    );
    for (const [key, bucket] of this.#buckets) {
      if (!keys.has(key)) this.#closeBucket(key, bucket);
    }
    for (const [key, { template, count }] of keys) {
      const bucket = this.#buckets.get(key) ?? this.#openBucket(key, template);
      bucket.wanted = count;
      for (const member of bucket.members.splice(count)) this.#discard(member);
    }
    this.#follow();
    this.#fill();
  }

  /** Hands out one that runs; null when there is none. Nothing is asked of the engine for it. */
  async take(template: ContainerTemplate): Promise<DockerProcess | null> {
    const bucket = this.#buckets.get(templateKey(template));
    if (bucket === undefined || this.#isClosed) return null;
    try {
      for (let member = bucket.members.shift(); member !== undefined; member = bucket.members.shift()) {
        const isUsable = this.#isFresh(member) && (member.folder === null || (await isStillThere(member.folder)));
        if (isUsable && member.process.isRunning) {
          bucket.failures = 0;
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
    for (const bucket of this.#buckets.values()) {
      if (bucket.template.options.image !== reference) continue;
      this.#drop(bucket, (member) => member.imageId !== imageId);
      // It may have been what was missing.
      bucket.failures = 0;
    }
    this.#fill();
  }

  /** Called regularly: replaces what is old, and what was made of an image that has been replaced. Never rejects. */
  async tend(): Promise<void> {
    const buckets = [...this.#buckets.values()].filter((bucket) => bucket.members.length > 0);
    for (const bucket of buckets) {
      this.#drop(bucket, (member) => !this.#isFresh(member) || !member.process.isRunning);
      const { image } = bucket.template.options;
      const found = await this.#options.engine.image({ image, pull: 'never' }, () => {}, bucket.closed.signal);
      if (found.ok) this.#drop(bucket, (member) => member.imageId !== found.image.id);
    }
    this.#fill();
  }

  /** SIGKILL to all of them, without waiting. */
  killNow(): void {
    for (const bucket of this.#buckets.values()) for (const { process } of bucket.members) process.killNow();
  }

  /** Ends all of them. Resolves within a second; what is not gone by then is removed later. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#refill !== null) clearTimeout(this.#refill);
    for (const [key, bucket] of this.#buckets) this.#closeBucket(key, bucket);
    this.#follow();
    await withDeadline(Promise.all(this.#leaving), DRAIN_MS, undefined);
  }

  #isFresh({ bornAt }: Member): boolean {
    return this.#options.now() - bornAt < (this.#options.maxAgeMs ?? MAX_AGE_MS);
  }

  #openBucket(key: string, template: ContainerTemplate): Bucket {
    const bucket: Bucket = {
      template,
      closed: new AbortController(),
      wanted: 0,
      members: [],
      making: 0,
      failures: 0,
      loggedFailure: null,
      retry: null,
    };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #closeBucket(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    bucket.wanted = 0;
    bucket.closed.abort();
    if (bucket.retry !== null) clearTimeout(bucket.retry);
    bucket.retry = null;
    this.#drop(bucket, () => true);
  }

  /** The engine is followed only while something is to be kept ready. */
  #follow(): void {
    if (this.#buckets.size === 0) {
      this.#unsubscribe?.();
      this.#unsubscribe = null;
      return;
    }
    if (this.#unsubscribe !== null) return;
    const { engine } = this.#options;
    const offLost = engine.onLost(() => {
      this.#isAway = true;
      for (const bucket of this.#buckets.values()) this.#drop(bucket, () => true);
    });
    const offReachable = engine.onReachable(() => {
      this.#isAway = false;
      for (const bucket of this.#buckets.values()) bucket.failures = 0;
      this.#fill();
    });
    this.#unsubscribe = () => {
      offLost();
      offReachable();
    };
  }

  #drop(bucket: Bucket, isUnfit: (member: Member) => boolean): void {
    for (const member of bucket.members.filter(isUnfit)) {
      bucket.members.splice(bucket.members.indexOf(member), 1);
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
    let making = [...this.#buckets.values()].reduce((sum, bucket) => sum + bucket.making, 0);
    for (const bucket of this.#buckets.values()) {
      while (making < AT_A_TIME && bucket.retry === null && bucket.members.length + bucket.making < bucket.wanted) {
        making += 1;
        bucket.making += 1;
        const work = this.#add(bucket).finally(() => this.#leaving.delete(work));
        this.#leaving.add(work);
      }
    }
  }

  /** Makes one more and puts it into the bucket. Never rejects. */
  async #add(bucket: Bucket): Promise<void> {
    const { log, allocate, now } = this.#options;
    const { template, closed } = bucket;
    // A missing image is pulled when the user opens a session and sees it happen, not in the background.
    const pull = template.options.pull === 'always' ? 'always' : 'never';
    let made: AllocationResult;
    try {
      made = await allocate(template, pull, closed.signal);
    } catch (error) {
      log.error({ err: error, profile: template.profileId }, 'Keeping a container ready threw');
      made = { ok: false, failure: { stage: 'create', message: String(error), hint: '' } };
    }
    bucket.making -= 1;
    if (made.ok) this.#put(bucket, { ...made.allocated, bornAt: now() });
    else if (!closed.signal.aborted) this.#backOff(bucket, made.failure);
    this.#fill();
  }

  #put(bucket: Bucket, member: Member): void {
    if (bucket.closed.signal.aborted || bucket.members.length >= bucket.wanted) {
      this.#discard(member);
      return;
    }
    this.#drop(bucket, ({ imageId }) => imageId !== member.imageId);
    bucket.members.push(member);
    bucket.loggedFailure = null;
    const { id } = member.process.container;
    this.#options.log.debug({ profile: bucket.template.profileId, containerId: id }, 'A container is ready');
    void member.process.over.then(() => {
      if (!bucket.members.includes(member)) return;
      this.#drop(bucket, (other) => other === member);
      const message = `A container that was kept ready has ended (${member.process.command})`;
      this.#backOff(bucket, { stage: 'start', message, hint: 'Its shell may end at once.' });
    });
  }

  /** Tries again after a growing backoff. The engine's absence is reported elsewhere, and its return is an event. */
  #backOff(bucket: Bucket, failure: StartFailure): void {
    if (failure.stage === 'engine' || bucket.closed.signal.aborted) return;
    if (bucket.loggedFailure !== failure.message) {
      this.#options.log.warn({ profile: bucket.template.profileId, failure }, 'No container is kept ready');
      bucket.loggedFailure = failure.message;
    }
    if (bucket.retry !== null) return;
    const backoffMs = Math.min(INITIAL_BACKOFF_MS * 2 ** Math.min(bucket.failures, 20), LONGEST_BACKOFF_MS);
    bucket.failures += 1;
    bucket.retry = setTimeout(() => {
      bucket.retry = null;
      this.#fill();
    }, backoffMs);
  }
}
