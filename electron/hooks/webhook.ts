import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from 'node:tls';
import { Webhook } from 'standardwebhooks';
import { Agent, type Dispatcher } from 'undici';
import type { Logger } from '../base/logger.ts';
import { retryAfterMs } from './backoff.ts';
import type { WebhookAction } from './hook.ts';
import { describeElapsed, describeFailure, describeStatus } from './webhook-messages.ts';

/** One attempt to deliver an event to an endpoint. */
interface WebhookRequest {
  readonly action: WebhookAction;
  /** The same at each attempt: receivers recognise repetitions by it. */
  readonly eventId: string;
  /** The CloudEvents envelope. */
  readonly body: string;
  /** For everything, from the look-up of the host to the answer's status, in milliseconds. */
  readonly timeoutMs: number;
}

/** How an attempt went; `words` are for a person, and hold nothing secret and nothing that the endpoint wrote. */
export type WebhookResult =
  | { readonly kind: 'ok'; readonly words: string }
  | {
      readonly kind: 'failed';
      readonly words: string;
      /** How long the endpoint asked to wait, in milliseconds; null if it did not say. */
      readonly retryAfterMs: number | null;
      /** It is overloaded: not only this event should wait. */
      readonly busy: boolean;
    }
  /** It wants no more events (410). */
  | { readonly kind: 'gone'; readonly words: string };

/** Sends webhooks. */
export interface WebhookSender {
  /** Never rejects. Resolves soon after an abort of the signal, with a failure. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookResult>;
  /** Closes all connections; what is under way fails. */
  close(): Promise<void>;
}

/** What a sender of webhooks needs. */
export interface WebhookSenderOptions {
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Certificates in PEM that are trusted besides the system's. */
  readonly extraCertificates?: readonly string[] | undefined;
}

/**
 * The media type of a structured event (CloudEvents HTTP binding 1.0.2, section 3.2). In this very spelling: the CloudEvents
 * SDK for JavaScript compares it letter by letter, and knows `utf-8` in lower case alone.
 */
const CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';
const CONNECT_TIMEOUT_MS = 10_000;
/** An answer's body is of no interest, but a short one is read, so that the connection can be used again. */
const MAX_BODY_BYTES = 16_384;
const MAX_BODY_MS = 1_000;

/** Why a request is aborted. Made once: to make an error takes longer than all else that an abort does. */
const OVER = new Error('The request is over');

/** Standard Webhooks names these as signs of a receiver under load; 503 is what `Retry-After` was made for. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * A sender of webhooks as Standard Webhooks 1.0.0 describes them
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): any 2xx is a success, 410
 * the end, and everything else a failure; a redirect is never followed. It uses no proxy and checks certificates, whatever
 * the environment says (`HTTPS_PROXY`, `NODE_TLS_REJECT_UNAUTHORIZED`).
 */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  // As many connections as attempts, which the dispatcher bounds: no hook may wait for another's endpoint.
  const common = { allowH2: false, useMilo: false, maxHeaderSize: 16_384, keepAliveMaxTimeout: 10_000 };
  const plain = new Agent({ ...common, connect: { timeout: CONNECT_TIMEOUT_MS } });
  let secure: Agent | null = null;

  /** Certificates are read from the system when the first webhook needs them: that can take a while. */
  function secureAgent(): Agent {
    secure ??= new Agent({
      ...common,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        secureContext: trustedContext(options),
      },
    });
    return secure;
  }

  return {
    async send(request, signal) {
      const began = performance.now();
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(OVER), request.timeoutMs);
      const either = AbortSignal.any([signal, deadline.signal]);
      try {
        const url = new URL(request.action.url);
        const agent = url.protocol === 'https:' ? secureAgent() : plain;
        const answer = await untilAborted(agent.request(requestOptions(request, url, options.wall(), either)), either);
        const took = performance.now() - began;
        await drainBody(answer.body, either);
        return judge(answer, took, options.wall());
      } catch (error) {
        if (signal.aborted) return failure('cancelled because Sandglass was quitting or the hook was changed');
        if (deadline.signal.aborted) return failure(`timed out after ${describeElapsed(request.timeoutMs)}`);
        return failure(describeFailure(error));
      } finally {
        clearTimeout(timer);
        // Whatever is left of the request goes with it.
        deadline.abort(OVER);
      }
    },
    async close() {
      await Promise.all([plain.destroy(), secure?.destroy()]);
    },
  };
}

function requestOptions(
  request: WebhookRequest,
  url: URL,
  wallMs: number,
  signal: AbortSignal,
): Dispatcher.RequestOptions {
  const { action, eventId, body, timeoutMs } = request;
  const at = new Date(wallMs);
  const signatures = action.secrets.map((secret) => new Webhook(secret).sign(eventId, at, body));
  // In lower case, so that none can be there twice.
  const own = Object.entries(action.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'POST',
    headers: {
      'user-agent': 'Sandglass',
      ...Object.fromEntries(own),
      'content-type': CONTENT_TYPE,
      'webhook-id': eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
    body,
    signal,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  };
}

function judge(answer: Dispatcher.ResponseData, tookMs: number, wallMs: number): WebhookResult {
  const status = answer.statusCode;
  const words = `${describeStatus(status)} in ${describeElapsed(tookMs)}`;
  if (status >= 200 && status < 300) return { kind: 'ok', words };
  if (status === 410) return { kind: 'gone', words };
  const header = answer.headers['retry-after'];
  const asked = retryAfterMs(typeof header === 'string' ? header : null, wallMs);
  const redirect = status >= 300 && status < 400;
  return {
    kind: 'failed',
    words: redirect ? `${words}: redirects are not followed; set the new address in hook.yaml` : words,
    retryAfterMs: asked,
    busy: BUSY_STATUSES.has(status) || asked !== null,
  };
}

/** A request that still waits for its connection does not notice an abort, so its caller is released here. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // The loser of the race has no other listener.
    promise.catch(() => {});
    aborted.catch(() => {});
  }
}

/** Reads what there is of a body and throws it away. The status has been had: nothing that happens here matters. */
async function drainBody(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<void> {
  const bound = new AbortController();
  const timer = setTimeout(() => bound.abort(), MAX_BODY_MS);
  try {
    await body.dump({ limit: MAX_BODY_BYTES, signal: AbortSignal.any([signal, bound.signal]) });
  } catch {
    body.destroy();
  } finally {
    clearTimeout(timer);
  }
}

function failure(words: string): WebhookResult {
  return { kind: 'failed', words, retryAfterMs: null, busy: false };
}

/** Whom to trust: those that Node.js knows, those that the system knows, and those that were named. */
function trustedContext(options: WebhookSenderOptions): SecureContext {
  const trusted = new Set<string>(options.extraCertificates ?? []);
  try {
    for (const store of ['default', 'system'] as const) {
      for (const certificate of getCACertificates(store)) trusted.add(certificate);
    }
  } catch (error) {
    options.logger.warn({ err: error }, 'The system’s certificates cannot be read: webhooks trust the built-in ones');
    for (const certificate of rootCertificates) trusted.add(certificate);
  }
  return createSecureContext({ ca: [...trusted], minVersion: 'TLSv1.2' });
}
