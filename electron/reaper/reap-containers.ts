import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { createEngineClient, type EngineClient } from '../backends/docker/client/engine-client.ts';
import { adopterIn, areOwnLabels, isSameOwner, LABELS, ownerIn } from '../backends/docker/fleet/labels.ts';
import type { EngineAddress } from '../processes/tracker.ts';
import type { ContainerOwner } from './messages.ts';

/** How long the engine may take to answer, and to remove a container, in milliseconds. */
const ANSWER_MS = 5_000;
const REMOVAL_MS = 20_000;
/** Pause before an engine that is away, or a container that is still being removed, is tried again, in milliseconds. */
const RETRY_MS = 500;
/**
 * Pause between two polls that found nothing, in milliseconds: what the app had asked for when it died may come into being
 * after the first.
 */
const SECOND_POLL_MS = 1500;

const listed = z.array(
  z.object({
    Id: z.string().check(z.regex(/^[0-9a-f]{12,64}$/)),
    Labels: z.nullish(z.record(z.string(), z.string())),
    Names: z.nullish(z.array(z.string())),
  }),
);
const inspected = z.object({
  Name: z.nullish(z.string()),
  Config: z.object({ Labels: z.nullish(z.record(z.string(), z.string())) }),
});

/** What is to go at one engine. */
export interface ContainerReaping {
  readonly address: EngineAddress;
  /** Ids that the app has registered. */
  readonly containers: readonly string[];
  /** The app that is gone; null where it is unknown. What another one has taken over is left alone. */
  readonly owner: ContainerOwner | null;
  /** Also all others whose labels name the owner. */
  readonly isAll: boolean;
  /** Containers that are not to be touched. */
  readonly spared: ReadonlySet<string>;
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

/**
 * Removes containers of an app that is gone, by force. An engine that is away is tried again until `signal` ends it. A
 * container without the app's label is left alone, even if it was registered. Resolves when nothing is left or it is given up.
 */
export async function reapContainers(reaping: ContainerReaping): Promise<void> {
  const { address, owner, isAll, spared, signal } = reaping;
  const client = createEngineClient(address);
  const pending = new Set(reaping.containers);
  let emptyPolls = 0;
  while (!signal.aborted) {
    let pause = RETRY_MS;
    try {
      if (owner !== null && isAll) {
        for (const id of await listOwned(client, owner, signal)) if (!spared.has(id)) pending.add(id);
      }
      emptyPolls = pending.size === 0 ? emptyPolls + 1 : 0;
      const remove = async (id: string): Promise<void> => {
        if (await removeContainer(client, id, owner, signal)) pending.delete(id);
      };
      // One that fails does not keep the others; it stays pending.
      await Promise.allSettled([...pending].map(remove));
      if (pending.size === 0) {
        if (owner === null || !isAll || emptyPolls >= 2) return;
        if (emptyPolls === 1) pause = SECOND_POLL_MS;
      }
    } catch {
      // It is away, or restarts.
    }
    await delay(pause, undefined, { signal }).catch(() => {
      // Given up; the next launch sweeps.
    });
  }
}

async function listOwned(client: EngineClient, owner: ContainerOwner, signal: AbortSignal): Promise<string[]> {
  const labels = {
    [LABELS.app]: '1',
    [LABELS.ownerHost]: owner.host,
    [LABELS.ownerPid]: owner.pid,
    [LABELS.ownerStart]: owner.start,
  };
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  const request = { method: 'GET', path: '/containers/json', query: { all: '1', filters } } as const;
  const containers = await client.call(request, listed, { timeoutMs: ANSWER_MS, signal });
  return containers
    .filter(({ Labels, Names }) => {
      const now = ownerIn(Labels ?? {}, Names ?? []);
      return areOwnLabels(Labels ?? {}, Names ?? []) && now !== null && isSameOwner(now, owner);
    })
    .map(({ Id }) => Id);
}

/** True when the container is gone, or is not the owner's. */
async function removeContainer(
  client: EngineClient,
  id: string,
  owner: ContainerOwner | null,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `/containers/${id}`;
  const found = await client.request({ method: 'GET', path: `${path}/json` }, { timeoutMs: ANSWER_MS, signal });
  if (found.status === 404) return true;
  if (found.status !== 200) return false;
  const { Config, Name } = z.parse(inspected, found.body);
  if (Config.Labels?.[LABELS.app] !== '1') return true;
  const adopter = adopterIn([Name ?? '']);
  if (adopter !== null && (owner === null || !isSameOwner(adopter, owner))) return true;
  const removal = { method: 'DELETE', path, query: { force: '1', v: '1' } } as const;
  const removed = await client.request(removal, { timeoutMs: REMOVAL_MS, signal });
  // 409: it is being removed already; the next poll shows it.
  return removed.status === 204 || removed.status === 404;
}
