import type { Write } from './write-queue.ts';

/** A hidden terminal's output is parsed in pieces of this many bytes: one to a few milliseconds each. */
const BACKGROUND_BYTES = 16_384;
/** For each millisecond of hidden terminals' parsing the window has this many for everything else. */
const REST_FACTOR = 3;
/** The shortest rest, in milliseconds. */
const MIN_REST_MS = 4;

interface Job {
  readonly owner: object;
  readonly write: Write;
  readonly done: () => void;
  bytes: Uint8Array;
}

/**
 * Parses the output of hidden terminals, in turn, in at most a quarter of the window's time: the terminal that is shown,
 * and the keys typed into it, do not wait for floods that are not seen. What is not parsed is not acknowledged, which
 * holds the flooding program back.
 */
export class BackgroundWriter {
  readonly #unseen: () => boolean;
  #jobs: Job[] = [];
  #current: Job | null = null;
  #resting: ReturnType<typeof setTimeout> | undefined;

  /**
   * `unseen`: whether the whole window is hidden. Then nothing has to be spared, and rests would be long: browsers slow
   * down the timers of such a window.
   */
  constructor(unseen: () => boolean) {
    this.#unseen = unseen;
  }

  /** Writes bytes as their turn comes, then calls `done`. An owner's bytes are written in the order they came. */
  add(owner: object, bytes: Uint8Array, write: Write, done: () => void): void {
    this.#jobs.push({ owner, bytes, write, done });
    if (this.#current === null && this.#resting === undefined) this.#next();
  }

  /** Writes at once what waits of this owner: it is shown now. */
  hurry(owner: object): void {
    const waiting = this.#jobs.filter((job) => job.owner === owner);
    this.#jobs = this.#jobs.filter((job) => job.owner !== owner);
    const current = this.#current;
    if (current?.owner === owner && current.bytes.byteLength > 0) {
      // What follows the piece that is being parsed.
      const rest = current.bytes;
      current.bytes = rest.subarray(rest.byteLength);
      current.write(rest, current.done);
    }
    for (const { bytes, write, done } of waiting) write(bytes, done);
  }

  /** Forgets what waits of this owner. */
  drop(owner: object): void {
    this.#jobs = this.#jobs.filter((job) => job.owner !== owner);
    if (this.#current?.owner !== owner) return;
    // Its terminal may never answer for what it was given.
    this.#current = null;
    this.#next();
  }

  #next(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    this.#current = job;
    const piece = this.#unseen() ? job.bytes : job.bytes.subarray(0, BACKGROUND_BYTES);
    job.bytes = job.bytes.subarray(piece.byteLength);
    const isLast = job.bytes.byteLength === 0;
    const startedMs = performance.now();
    job.write(piece, () => {
      if (isLast) job.done();
      if (this.#current !== job) return;
      this.#current = null;
      if (job.bytes.byteLength > 0) this.#jobs.push(job);
      if (this.#unseen()) {
        this.#next();
        return;
      }
      const restMs = Math.max(MIN_REST_MS, (performance.now() - startedMs) * REST_FACTOR);
      this.#resting = setTimeout(() => {
        this.#resting = undefined;
        this.#next();
      }, restMs);
    });
  }
}
