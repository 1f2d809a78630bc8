import { z } from 'zod';
import type { ContainerEvent } from './engine.ts';
import type { EngineClient } from './engine-client.ts';

/** How long a container's state is waited for, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** `GET /containers/{id}/json`, as far as it is used. */
const stateSchema = z.object({
  State: z.object({
    Running: z.boolean(),
    Status: z.string().nullish(),
    OOMKilled: z.boolean().nullish(),
    ExitCode: z.int(),
  }),
});

/** What a container's state says of events that were missed. Rejects when the engine cannot be asked. */
export async function missedEvents(
  client: EngineClient,
  containerId: string,
  signal: AbortSignal,
): Promise<ContainerEvent[]> {
  const path = `/containers/${encodeURIComponent(containerId)}/json`;
  const answer = await client.request({ method: 'GET', path }, { timeoutMs: TIMEOUT_MS, signal });
  if (answer.status === 404) return [{ kind: 'destroy' }];
  const parsed = stateSchema.safeParse(answer.body);
  if (!parsed.success) throw new Error(`the state of the container ${containerId} is not available`);
  const { Running, Status, OOMKilled, ExitCode } = parsed.data.State;
  if (Running || Status === 'created') return [];
  return [...(OOMKilled === true ? [{ kind: 'oom' } as const] : []), { kind: 'die', exitCode: ExitCode }];
}
