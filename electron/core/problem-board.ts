import type { Problem } from '../../shared/settings.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';

/** Problems that a window which opens later is still shown. */
const MAX_PROBLEMS = 20;

/** What is wrong outside sessions: sent to the windows that are open, and kept for those that open later. */
export class ProblemBoard {
  readonly #emitter: Emitter<Problem>;
  readonly #known: Problem[] = [];

  constructor(logger: Logger) {
    this.#emitter = new Emitter((error) => logger.error({ err: error }, 'A listener threw'));
  }

  /** The latest problems, the oldest first. */
  get known(): readonly Problem[] {
    return this.#known;
  }

  /** Keeps the problem, and sends it to the windows that are open. */
  report(problem: Problem): void {
    this.#known.push(problem);
    if (this.#known.length > MAX_PROBLEMS) this.#known.shift();
    this.#emitter.emit(problem);
  }

  /** Adds a listener; gives the function that removes it. */
  on(listener: (problem: Problem) => void): () => void {
    return this.#emitter.on(listener);
  }
}
