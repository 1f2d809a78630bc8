import { Cgroup } from './cgroup.ts';
import type { Controller } from './cgroup-places.ts';
import type { CgroupSupport, LimitSupport } from './cgroup-support.ts';
import { applyLimit, type Limit } from './resource-limits.ts';

/** All cgroups of one session: one that holds its processes together, and those of version 1 that bound it. */
export class SessionCgroups {
  #main: Cgroup | null;
  readonly #legacy: ReadonlyMap<Controller, Cgroup>;

  constructor(main: Cgroup | null, legacy: ReadonlyMap<Controller, Cgroup> = new Map()) {
    this.#main = main;
    this.#legacy = legacy;
  }

  /**
   * Makes what the session needs, with its bounds set, before it starts. A scope is made by systemd with the start: add it
   * with {@link hold}.
   *
   * @throws when the system refuses; then nothing is left.
   */
  static create(
    support: CgroupSupport | null,
    limits: readonly Limit[],
    legacyParents: LimitSupport['legacy'],
    sessionId: string,
  ): SessionCgroups {
    const made: Cgroup[] = [];
    const make = (parent: string): Cgroup => {
      const cgroup = Cgroup.create(parent, sessionId);
      made.push(cgroup);
      return cgroup;
    };
    try {
      const main = support?.kind === 'folder' ? make(support.parent) : null;
      const legacy = new Map<Controller, Cgroup>();
      for (const limit of limits) {
        const parent = legacyParents.get(limit.controller);
        if (limit.place === 'legacy' && parent !== undefined) legacy.set(limit.controller, make(parent));
        const cgroup = limit.place === 'unified' ? main : legacy.get(limit.controller);
        if (cgroup !== null && cgroup !== undefined) applyLimit(limit, cgroup.folder);
      }
      return new SessionCgroups(main, legacy);
    } catch (error) {
      for (const cgroup of made) cgroup.remove();
      throw error;
    }
  }

  /** Folders for the session's first process to enter, and for who ends the session if the app dies. */
  get folders(): string[] {
    return this.#all.map((cgroup) => cgroup.folder);
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** The folder in which a bound was set; null without one. */
  folderOf(limit: Limit): string | null {
    const cgroup = limit.place === 'legacy' ? this.#legacy.get(limit.controller) : this.#main;
    return cgroup?.folder ?? null;
  }

  /** The cgroup of version 2; null without one. */
  get main(): Cgroup | null {
    return this.#main;
  }

  /** From now on the session's processes are found in this one as well. */
  hold(main: Cgroup): void {
    this.#main = main;
  }

  /**
   * Moves processes into all of them. A process that has ended is left out.
   *
   * @returns false when one could not be moved.
   */
  async enter(pids: readonly number[]): Promise<boolean> {
    const moves = this.#all.flatMap((cgroup) => pids.map((pid) => cgroup.holds(pid)));
    return (await Promise.all(moves)).every((isIn) => isIn);
  }

  /** Makes sure that a process is in all of them. Those that it could not be moved into are removed. */
  async holds(pid: number): Promise<boolean> {
    if (await this.enter([pid])) return true;
    this.remove();
    this.#main = null;
    return false;
  }

  members(): number[] {
    return (this.#main ?? this.#all[0])?.members() ?? [];
  }

  kill(): void {
    (this.#main ?? this.#all[0])?.kill();
  }

  /** CPU time that was used so far, in milliseconds; null where the kernel does not count. */
  cpuMs(): number | null {
    return this.#main?.cpuMs() ?? null;
  }

  /** How many of the session's processes the kernel has killed because their memory was used up. */
  oomKills(): number {
    return Math.max(0, ...this.#all.map((cgroup) => cgroup.oomKills()));
  }

  /** Freezes all processes or resumes them. False where this cannot be done. */
  async freeze(isFrozen: boolean): Promise<boolean> {
    return (await this.#main?.freeze(isFrozen)) ?? false;
  }

  /** Removes all of them. False while a process is still in one. */
  remove(): boolean {
    return this.#all.map((cgroup) => cgroup.remove()).every((isRemoved) => isRemoved);
  }

  get #all(): Cgroup[] {
    return [...(this.#main === null ? [] : [this.#main]), ...this.#legacy.values()];
  }
}
