import type { MethodInput, MethodName, MethodOutput } from '../../shared/contract.ts';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import { showProblem } from '../toasts/toasts.ts';
import { CoreLink, type LinkOptions } from './core-link.ts';

/** The window's one connection to the core; undefined until it is started. */
let link: CoreLink | undefined;

/** Connects to the core, and keeps the connection up from then on. */
export function startConnection(options: LinkOptions): void {
  link = new CoreLink(options);
  link.start();
}

/** Makes a request. @throws RequestError when refused, DisconnectedError without a connection. */
export async function call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> {
  if (link === undefined) throw new RequestError('internal', 'The window is not connected yet.');
  return link.call(method, input);
}

/** Sends a terminal frame; without a connection it is dropped. */
export function sendFrame(frame: Uint8Array): void {
  link?.sendFrame(frame);
}

/** Reconnects at once instead of waiting for the next attempt. */
export function retryNow(): void {
  link?.retryNow();
}

/** Shows the user that a request failed. */
export function report(error: unknown): void {
  const message = error instanceof RequestError ? error.fullMessage : messageOf(error);
  showProblem({ id: `request:${message}`, severity: 'error', title: 'That did not work', message });
}

/** Reports a failed request about a session, unless that has gone in the meantime or the connection has. */
export function reportUnlessGone(error: unknown): void {
  if (error instanceof RequestError && error.code !== 'unknown_session') report(error);
}
