import { hostname } from 'node:os';
import { z } from 'zod';
import type { ProcessEntry, ProcessTable } from '../../../processes/process-table.ts';
import type { DockerEngine } from '../client/engine.ts';
import { codeOf } from '../client/engine-failures.ts';
import type { ContainerOwner } from '../container/container-labels.ts';
import { areOwnLabels, isSameOwner, LABELS, type NamedOwner, ownerIn } from './labels.ts';

/** `GET /containers/json`, as far as it is used. */
const listSchema = z.array(
  z.object({
    Id: z.string().regex(/^[0-9a-f]{12,64}$/),
    /** Seconds since the epoch. */
    Created: z.number(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Names: z.array(z.string()).nullish(),
  }),
);

/** One of this installation's containers, as its labels describe it. */
export interface OwnedContainer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

/** What decides whether a container is left over. */
export interface SweepFacts {
  /** This process. */
  readonly self: ContainerOwner;
  /** Whether a session or a pool of this process has it. */
  knows(containerId: string): boolean;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Those that have outlived their app are left for it to be decided which of them are taken over. */
  readonly sparesSurvivors: boolean;
}

export interface SweepOptions extends Omit<SweepFacts, 'nowMs'> {
  readonly engine: Pick<DockerEngine, 'connect' | 'remove'>;
  /** The process table that shows the owners. */
  readonly processes: Pick<ProcessTable, 'find'>;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Called with what kept the sweep from its work. */
  readonly onError: (error: unknown) => void;
}

/** A container that is younger than this may be in the making, and its session not know it yet, in milliseconds. */
const IN_THE_MAKING_MS = 60_000;
const LIST_TIMEOUT_MS = 30_000;

/** This process, as the labels of its containers name it; null when the process table does not show it. */
export async function findOwner(
  installation: string,
  processes: Pick<ProcessTable, 'find'>,
): Promise<ContainerOwner | null> {
  const entry = await processes.find(process.pid);
  return entry === null ? null : { installation, host: hostname(), pid: entry.pid, start: entry.startedAt };
}

/**
 * Removes what apps of this installation that are gone have left on this machine's engine, and what this process has
 * left itself. Containers of others are never touched. Never rejects.
 *
 * @returns the ids of those that are gone now.
 */
export async function sweepOrphans(options: SweepOptions): Promise<string[]> {
  const { engine, self, processes } = options;
  try {
    // A process table that does not show this process shows no one, and everything would seem to be orphaned.
    const own = await processes.find(self.pid);
    if (own === null || String(own.startedAt) !== String(self.start)) {
      throw new Error('the process table does not show this process; nothing is swept');
    }
    const containers = await listOwned(engine, self);
    const gone: string[] = [];
    for (const container of containers) {
      const owner = await ownerState(container, self, processes);
      const { knows, sparesSurvivors } = options;
      const facts = { self, knows, sparesSurvivors, nowMs: options.wall() };
      if (isLeftOver(container, owner, facts) && (await engine.remove(container.id))) gone.push(container.id);
    }
    return gone;
  } catch (error) {
    options.onError(error);
    return [];
  }
}

/** What became of a container's owner. `unclear`: its labels or the process table do not say. */
export type OwnerState = 'self' | 'alive' | 'gone' | 'unclear';

/** Whether the container is an orphan: no process needs it any more. */
export function isLeftOver(container: OwnedContainer, owner: OwnerState, facts: SweepFacts): boolean {
  const { labels } = container;
  if (
    labels[LABELS.app] !== '1' ||
    labels[LABELS.installation] !== facts.self.installation ||
    labels[LABELS.ownerHost] !== facts.self.host
  ) {
    return false;
  }
  switch (owner) {
    case 'alive':
      return false;
    case 'gone':
      return !facts.knows(container.id) && !(facts.sparesSurvivors && labels[LABELS.survives] === '1');
    case 'self':
      return !facts.knows(container.id) && facts.nowMs - container.createdAt > IN_THE_MAKING_MS;
    case 'unclear': {
      const endsAt = Number(labels[LABELS.endsAt] ?? Number.NaN);
      return facts.nowMs > endsAt + IN_THE_MAKING_MS;
    }
  }
}

async function listOwned(engine: Pick<DockerEngine, 'connect'>, self: ContainerOwner): Promise<OwnedContainer[]> {
  const connected = await engine.connect();
  // Without an engine there is nothing to sweep; the status says so.
  if (!connected.ok) return [];
  const label = [`${LABELS.app}=1`, `${LABELS.installation}=${self.installation}`, `${LABELS.ownerHost}=${self.host}`];
  const query = { all: 'true', filters: JSON.stringify({ label }) };
  const request = { method: 'GET', path: '/containers/json', query } as const;
  const listed = await connected.client.call(request, listSchema, { timeoutMs: LIST_TIMEOUT_MS });
  return listed
    .filter(({ Labels, Names }) => areOwnLabels(Labels ?? {}, Names ?? []))
    .map(({ Id, Created, Labels, Names }) => ({
      id: Id,
      createdAt: Created * 1_000,
      labels: Labels ?? {},
      names: Names ?? [],
    }));
}

/** Finds out what has become of the process that a container belongs to now. */
export async function ownerState(
  { labels, names }: Pick<OwnedContainer, 'labels' | 'names'>,
  self: ContainerOwner,
  processes: Pick<ProcessTable, 'find'>,
): Promise<OwnerState> {
  const owner = ownerIn(labels, names);
  const pid = Number(owner?.pid);
  if (owner === null || !Number.isSafeInteger(pid) || pid <= 0) return 'unclear';
  if (isSameOwner(owner, self)) return 'self';
  const entry = await processes.find(pid);
  if (entry !== null) return isOwner(entry, owner) ? 'alive' : 'gone';
  // The table's tool may have failed: only the system's own word lets a container go.
  return isRunning(pid) ? 'unclear' : 'gone';
}

function isOwner(entry: ProcessEntry, owner: NamedOwner): boolean {
  return !entry.isZombie && isSameOwner({ pid: entry.pid, start: entry.startedAt }, owner);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but another user's.
    return codeOf(error) === 'EPERM';
  }
}
