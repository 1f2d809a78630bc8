import { createBirpc } from 'birpc';
import {
  METHODS,
  type MethodName,
  type MethodOutput,
  type NotificationName,
  type NotificationPayload,
  rpcMessageSchema,
} from '../../shared/contract.ts';
import { RequestError, type WireError } from '../../shared/errors.ts';
import { MAX_CONTROL_LENGTH, MAX_PENDING_REQUESTS } from '../../shared/transport.ts';
import type { Logger } from '../base/logger.ts';

/** What answers each request. A `RequestError` reaches the window as it is; any other error as `internal`. */
export type Handlers = {
  readonly [M in MethodName]: (
    input: ReturnType<(typeof METHODS)[M]['input']['parse']>,
  ) => Promise<MethodOutput<M>> | MethodOutput<M>;
};

/** One window's requests, answered. */
export interface RpcServer {
  /** Takes a control message. False: it was malformed; it has been refused and logged. */
  receive(message: string): boolean;
  notify<N extends NotificationName>(name: N, payload: NotificationPayload<N>): void;
  close(): void;
}

/** Longest error message that is sent, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 2_000;

type Remote = Record<NotificationName, (payload: unknown) => void>;
type Local = Record<string, (input: unknown) => Promise<unknown>>;

/**
 * Answers a window's requests over `post`. Every message is checked before anything acts on it: its size, its shape, its
 * method, its argument; at most {@link MAX_PENDING_REQUESTS} are under way at a time.
 */
export function createRpcServer(handlers: Handlers, post: (message: string) => void, logger: Logger): RpcServer {
  let pending = 0;
  let receive: ((data: unknown) => void) | undefined;

  const guarded = (method: MethodName) => async (input: unknown) => {
    if (pending >= MAX_PENDING_REQUESTS) {
      throw new RequestError('too_many_requests', 'Too many requests are under way. Wait for some to be answered.');
    }
    pending += 1;
    try {
      return await answer(handlers, method, input);
    } finally {
      pending -= 1;
    }
  };
  const local: Local = Object.assign(
    Object.create(null),
    Object.fromEntries(methodNames().map((name) => [name, guarded(name)])),
  );
  const refuseUnknown = async (): Promise<never> => {
    throw new RequestError('unknown_method', 'This window asked for something that this version does not know.');
  };

  const rpc = createBirpc<Remote, Local, false>(local, {
    proxify: false,
    post,
    on: (listener) => {
      receive = listener;
    },
    serialize: (message: { t: string; e?: unknown }) =>
      JSON.stringify(message.t === 's' && 'e' in message ? { ...message, e: toWire(message.e) } : message),
    resolver: (_name, resolved) => resolved ?? refuseUnknown,
    onFunctionError: (error, method) => {
      if (error instanceof RequestError) logger.info({ method, code: error.code }, 'A request was refused');
      else logger.error({ method, err: error }, 'A request failed');
    },
    onGeneralError: (error) => {
      logger.error({ err: error }, 'An answer could not be sent');
      return true;
    },
  });

  const refuse = (id: string, code: 'bad_request', message: string): void =>
    post(JSON.stringify({ t: 's', i: id, e: { code, message } }));

  return {
    receive(message) {
      const parsed = parseMessage(message);
      if (!parsed.ok) {
        logger.warn({ length: message.length, why: parsed.why }, 'A malformed message was refused');
        refuse(parsed.id, 'bad_request', parsed.why);
        return false;
      }
      receive?.(parsed.message);
      return true;
    },
    notify(name, payload) {
      rpc.$callRaw({ method: name, args: [payload], event: true }).catch((error: unknown) => {
        logger.warn({ notification: name, err: error }, 'A notification could not be sent');
      });
    },
    close: () => rpc.$close(),
  };
}

type ParsedMessage = { ok: true; message: unknown } | { ok: false; id: string; why: string };

function parseMessage(text: string): ParsedMessage {
  if (text.length > MAX_CONTROL_LENGTH) return { ok: false, id: '', why: 'The message is too long.' };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, id: '', why: 'The message is not JSON.' };
  }
  const parsed = rpcMessageSchema.safeParse(json);
  if (parsed.success) return { ok: true, message: parsed.data };
  const id = typeof json === 'object' && json !== null && 'i' in json && typeof json.i === 'string' ? json.i : '';
  return { ok: false, id: id.slice(0, 64), why: 'The message does not have the expected form.' };
}

async function answer<M extends MethodName>(handlers: Handlers, method: M, input: unknown): Promise<unknown> {
  const parsed = METHODS[method].input.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw new RequestError('bad_request', `${where}${issue?.message ?? 'not valid'}`);
  }
  // The compiler cannot follow a generic key through the table to its schema's type.
  const handler = handlers[method] as (input: unknown) => unknown;
  return await handler(parsed.data);
}

function methodNames(): MethodName[] {
  // Object.keys knows no more than `string`.
  return Object.keys(METHODS) as MethodName[];
}

/** What a window may know of an error: nothing of the inside. */
function toWire(error: unknown): WireError {
  if (error instanceof RequestError) {
    const { code, field } = error;
    const message = error.message.slice(0, MAX_MESSAGE_LENGTH);
    return { code, message, ...(field === undefined ? {} : { field }) };
  }
  return { code: 'internal', message: 'Something went wrong inside Sandglass. The log file has the details.' };
}
