import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { adopterIn, areOwnLabels, isSameOwner, LABELS, ownerIn } from '../backends/docker/fleet/labels.ts';
import type { EngineAddress } from '../processes/tracker.ts';
import { engineRequest } from './engine-request.ts';
import type { ContainerOwner } from './messages.ts';

/** Pause before an engine that is away, or a container that is still being removed, is looked at again, in milliseconds. */
const RETRY_MS = 500;
/**
 * Pause between two looks that found nothing, in milliseconds: what the app had asked for when it died may come into being
 * after the first.
 */
const SECOND_LOOK_MS = 1500;

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
  /** Ids the app has told. */
  readonly containers: readonly string[];
  /** The app that is gone; null where it did not tell. What another one has taken over is left alone. */
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
 * container without the app's label is left alone, whatever was told of it. Resolves when nothing is left or it is given up.
 */
export async function reapContainers(reaping: ContainerReaping): Promise<void> {
  const { address, owner, isAll, spared, signal } = reaping;
  const owed = new Set(reaping.containers);
  let emptyLooks = 0;
  while (!signal.aborted) {
    let pause = RETRY_MS;
    try {
      if (owner !== null && isAll) {
        for (const id of await listOwned(address, owner, signal)) if (!spared.has(id)) owed.add(id);
      }
      emptyLooks = owed.size === 0 ? emptyLooks + 1 : 0;
      const remove = async (id: string): Promise<void> => {
        if (await removeContainer(address, id, owner, signal)) owed.delete(id);
      };
      // One that fails does not keep the others; it is owed still.
      await Promise.allSettled([...owed].map(remove));
      if (owed.size === 0) {
        if (owner === null || !isAll || emptyLooks >= 2) return;
        if (emptyLooks === 1) pause = SECOND_LOOK_MS;
      }
    } catch {
      // It is away, or restarts.
    }
    await delay(pause, undefined, { signal }).catch(() => {
      // Given up; the next launch sweeps.
    });
  }
}

async function listOwned(address: EngineAddress, owner: ContainerOwner, signal: AbortSignal): Promise<string[]> {
  const labels = {
    [LABELS.app]: '1',
    [LABELS.ownerHost]: owner.host,
    [LABELS.ownerPid]: owner.pid,
    [LABELS.ownerStart]: owner.start,
  };
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  const answer = await engineRequest(
    address,
    'GET',
    `/containers/json?all=1&filters=${encodeURIComponent(filters)}`,
    signal,
  );
  if (answer.status !== 200) throw new Error(`The engine answered ${answer.status}`);
  return z
    .parse(listed, JSON.parse(answer.body))
    .filter(({ Labels, Names }) => {
      const now = ownerIn(Labels ?? {}, Names ?? []);
      return areOwnLabels(Labels ?? {}, Names ?? []) && now !== null && isSameOwner(now, owner);
    })
    .map(({ Id }) => Id);
}

/** True when the container is gone, or is not the owner's. */
async function removeContainer(
  address: EngineAddress,
  id: string,
  owner: ContainerOwner | null,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await engineRequest(address, 'GET', `/containers/${id}/json`, signal);
  if (found.status === 404) return true;
  if (found.status !== 200) return false;
  const { Config, Name } = z.parse(inspected, JSON.parse(found.body));
  if (Config.Labels?.[LABELS.app] !== '1') return true;
  const adopter = adopterIn([Name ?? '']);
  if (adopter !== null && (owner === null || !isSameOwner(adopter, owner))) return true;
  const removed = await engineRequest(address, 'DELETE', `/containers/${id}?force=1&v=1`, signal);
  // 409: it is being removed already; the next look tells.
  return removed.status === 204 || removed.status === 404;
}
