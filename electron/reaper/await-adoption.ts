import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { createEngineClient, type EngineClient } from '../backends/docker/client/engine-client.ts';
import { adopterIn, areOwnLabels, isSameOwner, LABELS } from '../backends/docker/fleet/labels.ts';
import type { EngineAddress, Survival } from '../processes/tracker.ts';
import type { ContainerOwner } from './messages.ts';

/** How long the engine may take to answer, and to remove a container, in milliseconds. */
const ANSWER_MS = 5_000;
const REMOVE_MS = 20_000;
/** How long a container without any deadline may wait for an app, in milliseconds. */
const LONGEST_WAIT_MS = 60 * 60 * 1000;
/** How often the engine is asked what has become of those that wait, in milliseconds. */
const POLL_MS = 7500;
/** How long what is due is tried to be removed, in milliseconds; what is left then is swept at the next launch. */
const REMOVAL_MS = 30_000;
/** Pause before a removal that failed is tried again, in milliseconds. */
const RETRY_MS = 500;

/** States of a container in which its session can continue. */
const LIVE = ['running', 'paused'];

const listed = z.array(
  z.object({
    Id: z.string().check(z.regex(/^[0-9a-f]{12,64}$/)),
    Labels: z.nullish(z.record(z.string(), z.string())),
    Names: z.nullish(z.array(z.string())),
    State: z.nullish(z.string()),
  }),
);
/** A container's name as it stands in a path of the engine's API. */
const NAME = /^\/?([A-Za-z0-9][A-Za-z0-9_.-]{0,255})$/;

/** Containers at one engine that have outlived their app. */
export interface Waiting {
  readonly address: EngineAddress;
  /** The app that is gone; null where it is unknown. */
  readonly owner: ContainerOwner | null;
  readonly containers: ReadonlyMap<string, Survival>;
  /** When the app was found gone, in milliseconds of the machine's uptime. */
  readonly sinceMs: number;
  /** The machine's uptime in milliseconds. */
  uptimeMs(): number;
  /** No other app is waited for any more: those that wait are removed now. */
  readonly hurry: AbortSignal;
  /** How often the engine is polled, in milliseconds; another time for tests. */
  readonly pollMs?: number;
}

/** When a container that no app has taken over is to go, in milliseconds of the machine's uptime. */
export function removalTime({ endsAt, idleMs }: Survival, sinceMs: number): number {
  if (endsAt === null && idleMs === null) return sinceMs + LONGEST_WAIT_MS;
  return Math.min(endsAt ?? Number.POSITIVE_INFINITY, idleMs === null ? Number.POSITIVE_INFINITY : sinceMs + idleMs);
}

/**
 * Waits until each of the containers has been taken over by another app, is gone, has ended, or is due; and removes what
 * has ended or is due, by its name: if it is taken over in that moment, it has another one. Asks the engine once every few
 * seconds for all of them together. An engine that is away is asked again.
 */
export async function awaitAdoption(waiting: Waiting): Promise<void> {
  const { uptimeMs, sinceMs, hurry, pollMs = POLL_MS } = waiting;
  const client = createEngineClient(waiting.address);
  const due = new Map([...waiting.containers].map(([id, survival]) => [id, removalTime(survival, sinceMs)]));
  while (due.size > 0) {
    const now = uptimeMs();
    if (hurry.aborted) for (const [id, at] of due) due.set(id, Math.min(at, now));
    let pause = Math.min(pollMs, ...[...due.values()].map((at) => at - now));
    try {
      const left = await listWaiting(client, waiting, [...due.keys()]);
      for (const id of due.keys()) if (!left.some((container) => container.id === id)) due.delete(id);
      for (const { id, isLive } of left) if (!isLive) due.set(id, Math.min(due.get(id) ?? now, now));
      const ended = left.filter(({ id }) => (due.get(id) ?? now) <= now);
      // What was removed is found gone by the next poll.
      await Promise.allSettled(ended.map(({ name }) => remove(client, name)));
      if (ended.length > 0) pause = 0;
    } catch {
      // It is away, or restarts.
    }
    for (const [id, at] of due) if (now > at + REMOVAL_MS) due.delete(id);
    if (due.size === 0) return;
    await delay(Math.max(pause, RETRY_MS), undefined, { signal: hurry.aborted ? undefined : hurry }).catch(() => {
      // Handled above.
    });
  }
}

interface Found {
  readonly id: string;
  readonly name: string;
  readonly isLive: boolean;
}

/** Those that are there, and are the app's still. Rejects when the engine cannot be asked. */
async function listWaiting(client: EngineClient, { owner }: Waiting, ids: readonly string[]): Promise<Found[]> {
  const filters = JSON.stringify({ id: ids, label: [`${LABELS.app}=1`] });
  const request = { method: 'GET', path: '/containers/json', query: { all: '1', filters } } as const;
  const containers = await client.call(request, listed, { timeoutMs: ANSWER_MS });
  return containers.flatMap(({ Id, Labels, Names, State }) => {
    const names = Names ?? [];
    const adopter = adopterIn(names);
    const isOthers = adopter !== null && (owner === null || !isSameOwner(adopter, owner));
    const [, name] = NAME.exec(names[0] ?? '') ?? [];
    const isOwn = Labels?.[LABELS.app] === '1' && areOwnLabels(Labels, names);
    if (!ids.includes(Id) || !isOwn || isOthers || name === undefined) return [];
    return [{ id: Id, name, isLive: LIVE.includes(State ?? '') }];
  });
}

async function remove(client: EngineClient, name: string): Promise<void> {
  const request = { method: 'DELETE', path: `/containers/${name}`, query: { force: '1', v: '1' } } as const;
  await client.request(request, { timeoutMs: REMOVE_MS });
}
