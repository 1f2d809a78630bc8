import { orAborted } from '../../../base/abortable.ts';
import type { BackendListener, ReattachSpec, StartResult } from '../../backend.ts';
import type { DockerEngine } from '../client/engine.ts';
import { ABORTED } from '../container/start-failures.ts';
import { connectPatiently, reattach, type Takeover } from './reattach.ts';
import type { RunningContainers } from './running-containers.ts';

/** What containers are taken over with. */
export interface TakeoversOptions extends Omit<Takeover, 'client' | 'info' | 'onFound'> {
  readonly engine: DockerEngine;
  readonly running: RunningContainers;
}

/** Takes over the containers of sessions whose app is gone. */
export class Takeovers {
  readonly #options: TakeoversOptions;
  /** Containers that are being taken over. */
  readonly #underway = new Set<string>();

  constructor(options: TakeoversOptions) {
    this.#options = options;
  }

  /** Whether this container is being taken over now. */
  has(containerId: string): boolean {
    return this.#underway.has(containerId);
  }

  /** Takes over the session's container; see `Backend.reattach`. */
  async takeOver(spec: ReattachSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> {
    const { engine, running } = this.#options;
    if (signal.aborted) return { ok: false, failure: ABORTED };
    const connected = await orAborted(connectPatiently(engine), signal);
    if (connected === null) return { ok: false, failure: ABORTED };
    if (!connected.ok) {
      // It is removed as soon as the engine is back.
      if (spec.container !== null) void engine.remove(spec.container.id);
      return connected;
    }
    const { client, info } = connected;
    const found = new Set<string>();
    const onFound = (id: string): void => {
      found.add(id);
      this.#underway.add(id);
    };
    try {
      const result = await reattach(spec, { ...this.#options, client, info, onFound });
      if (!result.ok) return result;
      const { process } = result;
      running.track(process);
      if (signal.aborted) {
        await process.terminate(0);
        return { ok: false, failure: ABORTED };
      }
      process.handOver(listener);
      return { ok: true, process };
    } finally {
      for (const id of found) this.#underway.delete(id);
    }
  }
}
