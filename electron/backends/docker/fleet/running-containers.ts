import type { DockerProcess } from '../container/docker-process.ts';

/** The containers of this process's sessions, until each is gone. */
export class RunningContainers {
  readonly #processes = new Set<DockerProcess>();

  track(process: DockerProcess): void {
    this.#processes.add(process);
    void process.gone.then(() => this.#processes.delete(process));
  }

  has(containerId: string): boolean {
    return [...this.#processes].some((process) => process.container.id === containerId);
  }

  /** SIGKILL to all, without waiting. */
  killAllNow(): void {
    for (const process of this.#processes) process.killNow();
  }
}
