import type { IncomingMessage, RequestOptions } from 'node:http';
import type { EngineAddress } from '../processes/tracker.ts';

/** What the engine answered; the body as text, which may be anything. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

/** Silence after which a request is given up, in milliseconds. A removal is answered when all of it is done. */
const TIMEOUT_MS = { GET: 5000, DELETE: 20_000 } as const;
/** The longest answer that is read, in bytes. */
const MAX_BODY = 16 * 1024 * 1024;

/**
 * One request to a container engine. HTTP is loaded with the first one: a reaper that waits does without. Rejects when the
 * engine cannot be reached or does not answer.
 */
export async function engineRequest(
  address: EngineAddress,
  method: 'GET' | 'DELETE',
  path: string,
  signal: AbortSignal,
): Promise<EngineAnswer> {
  const options = { method, signal, timeout: TIMEOUT_MS[method], agent: false };
  if (address.kind === 'socket') {
    const { request } = await import('node:http');
    return exchange(request, { ...options, socketPath: address.path, path });
  }
  const { host, port, tls } = address;
  const target = { ...options, host, port, path: `${address.pathPrefix.replace(/\/$/, '')}${path}` };
  if (tls === null) {
    const { request } = await import('node:http');
    return exchange(request, target);
  }
  const { request } = await import('node:https');
  return exchange(request, { ...target, ...tls });
}

type Request = (
  options: RequestOptions,
  onAnswer: (answer: IncomingMessage) => void,
) => import('node:http').ClientRequest;

function exchange(request: Request, options: RequestOptions): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        length += part.length;
        if (length > MAX_BODY) answer.destroy(new Error('The engine’s answer is too long'));
        else parts.push(part);
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
    });
    sent.once('timeout', () => sent.destroy(new Error('The engine did not answer')));
    sent.once('error', reject);
    sent.end();
  });
}
