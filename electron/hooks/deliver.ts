import { realpathSync } from 'node:fs';
import { ulid } from 'ulid';
import * as z from 'zod';
import { messageOf } from '../../shared/error-message.ts';
import type { DueDelivery } from '../journal/deliveries.ts';
import type { HookServiceOptions } from '../journal/hook-service.ts';
import { trustExecutable } from './file-trust.ts';
import type { Hook, RunAction } from './hook.ts';
import type { RunHook, RunHookRequest } from './hooks.ts';
import type { WebhookResult, WebhookSender } from './webhook.ts';

/** What a deliverer needs. */
export interface DelivererOptions {
  readonly options: HookServiceOptions;
  readonly run: RunHook;
  readonly sender: WebhookSender;
  /** A hook's folder is not what it was when it was read. */
  onChanged(): void;
}

/** The part of an envelope that an executable gets in its environment. */
const reasonSchema = z.object({ data: z.object({ reason: z.string() }) });

/** Makes one attempt to deliver an event to a hook of either kind. Never rejects. */
export function deliverer(
  deliverer: DelivererOptions,
): (hook: Hook, delivery: DueDelivery, signal: AbortSignal) => Promise<WebhookResult> {
  const { options, run, sender, onChanged } = deliverer;
  const dependencies = {
    tracker: options.tracker,
    logger: options.logger,
    hostEnvironment: options.environment,
  };
  return async (hook, delivery, signal) => {
    const { action, timeoutMs } = hook;
    const { eventId, body } = delivery;
    if (action.kind === 'webhook') return sender.send({ action, eventId, body, timeoutMs }, signal);
    const trouble = executableProblem(options.folder, hook, action);
    if (trouble !== null) {
      onChanged();
      return failed(trouble);
    }
    const result = await run(requestOf(hook, action, delivery), dependencies, signal);
    return result.kind === 'ok' ? result : failed(result.words);
  };
}

/** The executable was checked when the folder was read, and may have been changed since. */
function executableProblem(root: string, hook: Hook, action: RunAction): string | null {
  try {
    const found = trustExecutable(realpathSync.native(root), hook.folder, action.file);
    return found.ok ? null : found.message;
  } catch (error) {
    return `${action.file} cannot be read: ${messageOf(error)}`;
  }
}

function requestOf(hook: Hook, action: RunAction, delivery: DueDelivery): RunHookRequest {
  const reason = reasonOf(delivery.body);
  return {
    hook: hook.name,
    folder: hook.folder,
    file: action.file,
    args: action.args,
    body: delivery.body,
    environment: {
      SANDGLASS_EVENT: delivery.event,
      ...(delivery.sessionId === null ? {} : { SANDGLASS_SESSION_ID: delivery.sessionId }),
      ...(reason === null ? {} : { SANDGLASS_REASON: reason }),
    },
    timeoutMs: hook.timeoutMs,
    runId: ulid(),
  };
}

function reasonOf(body: string): string | null {
  try {
    const parsed = reasonSchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data.data.reason : null;
  } catch {
    // It is the journal's own text; a damaged one still goes out as it is.
    return null;
  }
}

function failed(words: string): WebhookResult {
  return { kind: 'failed', words, retryAfterMs: null, busy: false };
}
