import { z } from 'zod';
import type { EngineClient } from '../client/engine-client.ts';
import type { Link } from '../client/engine-link.ts';
import { reasonIn } from '../client/engine-text.ts';
import { LABELS } from './labels.ts';

/** How long a removal may take, in milliseconds: the engine kills, waits and deletes layers meanwhile. */
const REMOVE_TIMEOUT_MS = 60_000;
const INSPECT_TIMEOUT_MS = 15_000;

const labelsSchema = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }) });

/** What an attempt to remove a container came to. */
type Removal =
  | 'gone'
  /** It does not carry this app's label, and stays. */
  | 'foreign'
  /** It may go later. */
  | 'failed';

/** Removes a container of this app by force, with its anonymous volumes. Rejects only when the connection fails. */
async function removeContainer(client: EngineClient, containerId: string, signal: AbortSignal): Promise<Removal> {
  const path = `/containers/${encodeURIComponent(containerId)}`;
  const found = await client.request(
    { method: 'GET', path: `${path}/json` },
    { timeoutMs: INSPECT_TIMEOUT_MS, signal },
  );
  if (found.status === 404) return 'gone';
  if (found.status !== 200) return 'failed';
  const parsed = labelsSchema.safeParse(found.body);
  if (!parsed.success || parsed.data.Config.Labels?.[LABELS.app] !== '1') return 'foreign';
  const query = { force: 'true', v: 'true' };
  const removed = await client.request({ method: 'DELETE', path, query }, { timeoutMs: REMOVE_TIMEOUT_MS, signal });
  if (removed.status === 204 || removed.status === 200 || removed.status === 404) return 'gone';
  // Another one is removing it, which is as good.
  return removed.status === 409 && /already in progress/i.test(reasonIn(removed.body)) ? 'gone' : 'failed';
}

/** Removals that are done now, or later. */
export interface Removals {
  /** How many containers are still to be removed. */
  readonly pending: number;
  /** Resolves true when it is gone now; otherwise it is pending, unless it is not ours. Never rejects. */
  remove(containerId: string): Promise<boolean>;
  /** Tries pending removals again: the engine is there. */
  retryNow(): void;
  close(): void;
}

/** How often a removal that the engine refuses is tried; the sweep that follows finds what is left. */
const MAX_REFUSALS = 10;

/** Keeps the removals that could not be done. */
export function createRemovals(options: {
  /** The engine, while it can be reached. */
  link(): Pick<Link, 'client' | 'signal' | 'confirm'> | null;
  /** The pause before a refused removal is tried again, in milliseconds. */
  readonly retryMs: number;
  /** It is gone, at once or after a while. */
  onGone(containerId: string): void;
  /** The number of pending removals has changed. */
  onPendingChange(): void;
  readonly onError: (error: unknown) => void;
}): Removals {
  /** How often each was refused. */
  const pending = new Map<string, number>();
  const running = new Map<string, Promise<boolean>>();
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;

  const retryLater = (): void => {
    if (isClosed || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      retryNow();
    }, options.retryMs);
  };
  const attempt = async (containerId: string): Promise<boolean> => {
    const link = options.link();
    if (link === null || isClosed) return false;
    let removal: Removal = 'failed';
    try {
      removal = await removeContainer(link.client, containerId, link.signal);
    } catch (error) {
      // The engine's loss is no fault of this removal.
      if (!(await link.confirm())) return false;
      options.onError(error);
    }
    if (removal !== 'failed') {
      pending.delete(containerId);
      if (removal === 'gone') options.onGone(containerId);
      return removal === 'gone';
    }
    const refusals = (pending.get(containerId) ?? 0) + 1;
    if (refusals >= MAX_REFUSALS) {
      pending.delete(containerId);
      options.onError(new Error(`the container ${containerId} could not be removed`));
    } else {
      pending.set(containerId, refusals);
      retryLater();
    }
    return false;
  };
  const remove = (containerId: string): Promise<boolean> => {
    const known = running.get(containerId);
    if (known !== undefined) return known;
    if (!pending.has(containerId)) pending.set(containerId, 0);
    const removal = attempt(containerId).finally(() => {
      running.delete(containerId);
      // The engine may have come back while this attempt still waited for the one that was lost.
      if (pending.has(containerId) && options.link() !== null) retryLater();
      options.onPendingChange();
    });
    running.set(containerId, removal);
    return removal;
  };
  const retryNow = (): void => {
    for (const containerId of pending.keys()) void remove(containerId);
  };

  return {
    get pending() {
      return pending.size;
    },
    remove,
    retryNow,
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
