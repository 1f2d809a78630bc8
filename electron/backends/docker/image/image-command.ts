import * as z from 'zod';
import type { StartFailure } from '../../../../shared/session.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { SCRIPT_SHELL } from '../container/credential-barrier.ts';
import { ABORTED } from '../container/start-failures.ts';

const TIMEOUT_MS = 20_000;

const imageSchema = z.object({
  Config: z.object({ Entrypoint: z.array(z.string()).nullish(), Cmd: z.array(z.string()).nullish() }).nullish(),
});

/**
 * What an image runs by itself; `args` take the place of its command where there are any. A shell where it says nothing.
 * Never rejects.
 */
export async function imageCommand(
  client: EngineClient,
  imageId: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly command: string[] } | { readonly ok: false; readonly failure: StartFailure }> {
  const request = { method: 'GET', path: `/images/${encodeURIComponent(imageId)}/json` } as const;
  try {
    const { Config: config } = await client.call(request, imageSchema, { timeoutMs: TIMEOUT_MS, signal });
    const command = [...(config?.Entrypoint ?? []), ...(args.length > 0 ? args : (config?.Cmd ?? []))];
    return { ok: true, command: command.length > 0 ? command : [SCRIPT_SHELL] };
  } catch {
    if (signal.aborted) return { ok: false, failure: ABORTED };
    const message = 'The container engine did not say what the image runs';
    return { ok: false, failure: { stage: 'image', message, hint: 'Name a shell in the profile, or try again.' } };
  }
}
