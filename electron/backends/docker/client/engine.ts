import type { BackendStatus, EngineOffers } from '../../../../shared/backends.ts';
import type { ContainerOptions } from '../../../../shared/profile.ts';
import type { StartFailure, StartProgress } from '../../../../shared/session.ts';
import type { EngineAddress } from '../../../processes/tracker.ts';
import type { EngineClient } from './engine-client.ts';

/** What is known of a reachable engine. */
export interface EngineInfo {
  /** “Docker 28.2.2” or “Podman 5.1.0”. */
  readonly name: string;
  /** Where it listens, as `DOCKER_HOST` would name it. */
  readonly endpoint: string;
  /** The same for programs. */
  readonly address: EngineAddress;
  /** Its processes are this machine's: pids can be found in `/proc`, and paths mean the same. */
  readonly local: boolean;
  readonly rootless: boolean;
  readonly runtimes: readonly string[];
  /** `1` or `2`; null where the engine does not say. */
  readonly cgroupVersion: 1 | 2 | null;
  /** `seccomp`, `apparmor`, `userns`, … with their profile where the engine names it. */
  readonly securityOptions: readonly string[];
}

/** What the engine reported of one container. */
export type ContainerEvent =
  | { readonly kind: 'oom' }
  /** A signal was sent through the engine. */
  | { readonly kind: 'kill'; readonly signal: string }
  | { readonly kind: 'die'; readonly exitCode: number }
  | { readonly kind: 'destroy' };

export type Connected =
  | { readonly ok: true; readonly client: EngineClient; readonly info: EngineInfo }
  | { readonly ok: false; readonly failure: StartFailure };

/** An image as it is to be run. */
export type ImageResult =
  | {
      readonly ok: true;
      readonly image: { readonly reference: string; readonly id: string; readonly digest: string | null };
    }
  | { readonly ok: false; readonly failure: StartFailure };

/**
 * The container engine of this machine: finds it, follows whether it can be reached, and reports what happens to
 * containers. One connection for events is held open while it is there; that is how its loss is noticed at once.
 */
export interface DockerEngine {
  readonly status: BackendStatus;
  onStatus(listener: () => void): () => void;
  /** Connects, or makes sure that the engine still answers. Never rejects. */
  check(): Promise<void>;
  /** The engine to work with now; connects again if it could not be reached before. */
  connect(): Promise<Connected>;
  offers(): Promise<EngineOffers>;
  /** Makes sure of the image as the pull policy says. An abort ends the pull; the failure's stage is then `aborted`. */
  image(
    options: Pick<ContainerOptions, 'image' | 'pull'>,
    onProgress: (progress: StartProgress) => void,
    signal: AbortSignal,
  ): Promise<ImageResult>;
  /** What happens to this container from now on; gives the function that ends it. */
  watch(containerId: string, listener: (event: ContainerEvent) => void): () => void;
  /** Called each time the engine can no longer be reached. */
  onLost(listener: (message: string) => void): () => void;
  /** Called each time it can be reached again, and the first time. */
  onReachable(listener: () => void): () => void;
  /** Called with each container that `remove` has removed, also when that was later than it was asked for. */
  onRemoved(listener: (containerId: string) => void): () => void;
  /** Removes a container of ours by force, now, or as soon as the engine is back. Resolves true when it is gone now. Never rejects. */
  remove(containerId: string): Promise<boolean>;
  /** Ends its connections and timers. */
  close(): void;
}
