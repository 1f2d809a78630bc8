import { Emitter } from '../../../base/emitter.ts';
import type { ContainerEvent } from './engine.ts';

/** Who listens to what happens to which container. */
export class ContainerWatchers {
  readonly #emitters = new Map<string, Emitter<ContainerEvent>>();
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;

  /** @param onChange called after each listener that came or went. */
  constructor(onChange: () => void, onError: (error: unknown) => void) {
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#emitters.size === 0;
  }

  /** The containers that are listened to. */
  get containerIds(): readonly string[] {
    return [...this.#emitters.keys()];
  }

  /** Adds a listener; gives the function that removes it. */
  watch(containerId: string, listener: (event: ContainerEvent) => void): () => void {
    const emitter = this.#emitters.get(containerId) ?? new Emitter<ContainerEvent>(this.#onError);
    this.#emitters.set(containerId, emitter);
    const off = emitter.on(listener);
    this.#onChange();
    return () => {
      off();
      if (emitter.size === 0 && this.#emitters.get(containerId) === emitter) this.#emitters.delete(containerId);
      this.#onChange();
    };
  }

  emit(containerId: string, event: ContainerEvent): void {
    this.#emitters.get(containerId)?.emit(event);
  }
}
