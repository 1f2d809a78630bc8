import { createBirpc } from 'birpc';
import {
  METHODS,
  type MethodInput,
  type MethodName,
  type MethodOutput,
  NOTIFICATIONS,
  type NotificationName,
  type NotificationPayload,
  rpcMessageSchema,
} from '../../shared/contract.ts';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError, wireErrorSchema } from '../../shared/errors.ts';
import { decodeFrame, type Replay } from '../../shared/frames.ts';
import type { Transport } from '../../shared/transport.ts';

/** The connection went away before the answer came. */
export class DisconnectedError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'DisconnectedError';
  }
}

/** What a client does with everything that is not an answer. */
export interface ClientHandlers {
  notify<N extends NotificationName>(name: N, payload: NotificationPayload<N>): void;
  /** The first frame of a channel: what begins there. */
  opened?(channel: number, replay: Replay): void;
  /** Terminal output; `bytes` is a view on the message and may be kept. */
  output(channel: number, bytes: Uint8Array): void;
  /** The program's terminal has accepted so many more bytes of input, or will not (`isAccepted` is false). */
  inputSettled(channel: number, count: number, isAccepted: boolean): void;
  /** A terminal has another size for the output that follows. */
  size?(channel: number, cols: number, rows: number): void;
  /** A part of a terminal's state, before its output; `bytes` may be kept. */
  state?(channel: number, bytes: Uint8Array): void;
  /** A message that does not fit the contract; it was dropped. */
  malformed(detail: string): void;
  closed(reason: string): void;
}

/** One connection to the core. Nothing from it is trusted before its schema took it. */
export interface CoreClient {
  /** @throws RequestError when the core refuses, {@link DisconnectedError} when the connection goes away. */
  call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>>;
  sendFrame(frame: Uint8Array): void;
  close(reason: string): void;
}

type Remote = { [M in MethodName]: (input: MethodInput<M>) => unknown };
type Local = Record<NotificationName, (payload: unknown) => void>;

/** Speaks the contract over `transport` until that closes. */
export function createClient(transport: Transport, handlers: ClientHandlers): CoreClient {
  let receive: ((data: unknown) => void) | undefined;
  let closedBecause: string | undefined;

  const local = Object.fromEntries(
    notificationNames().map((name) => [name, (payload: unknown) => notify(handlers, name, payload)]),
  ) as Local; // Object.fromEntries forgets the keys' type.

  const rpc = createBirpc<Remote, Local, false>(local, {
    proxify: false,
    // A save dialog may stay open for as long as its user likes.
    timeout: -1,
    post: (message: string) => transport.send(message),
    on: (listener) => {
      receive = listener;
    },
    serialize: (message: unknown) => JSON.stringify(message),
    deserialize: readMessage,
    // Errors in answers pass here too: they reach the caller.
    onGeneralError: (error) => {
      if (!(error instanceof MalformedMessage)) return false;
      handlers.malformed(error.message);
      return true;
    },
  });

  transport.onClose((reason) => {
    if (closedBecause !== undefined) return;
    closedBecause = reason;
    rpc.$close(new DisconnectedError(reason));
    handlers.closed(reason);
  });
  transport.onMessage((message) => {
    if (typeof message === 'string') {
      receive?.(message);
      return;
    }
    const frame = decodeFrame(message);
    if (frame?.kind === 'output') handlers.output(frame.channel, frame.bytes);
    else if (frame?.kind === 'ack' || frame?.kind === 'inputDropped') {
      handlers.inputSettled(frame.channel, frame.count, frame.kind === 'ack');
    } else if (frame?.kind === 'size') handlers.size?.(frame.channel, frame.cols, frame.rows);
    else if (frame?.kind === 'state') handlers.state?.(frame.channel, frame.bytes);
    else if (frame?.kind === 'opened') handlers.opened?.(frame.channel, frame);
    else handlers.malformed('A terminal frame was not readable.');
  });

  return {
    async call(method, input) {
      if (closedBecause !== undefined) throw new DisconnectedError(closedBecause);
      let result: unknown;
      try {
        result = await rpc.$callRaw({ method, args: [input] });
      } catch (error) {
        const wire = wireErrorSchema.safeParse(error);
        throw wire.success ? new RequestError(wire.data.code, wire.data.message, { field: wire.data.field }) : error;
      }
      return parseResult(method, result);
    },
    sendFrame: (frame) => {
      if (closedBecause === undefined) transport.send(frame);
    },
    close: (reason) => transport.close(reason),
  };
}

class MalformedMessage extends Error {}

function readMessage(message: string): unknown {
  try {
    return rpcMessageSchema.parse(JSON.parse(message));
  } catch (cause) {
    throw new MalformedMessage(messageOf(cause), { cause });
  }
}

function notificationNames(): NotificationName[] {
  // Object.keys knows no more than `string`.
  return Object.keys(NOTIFICATIONS) as NotificationName[];
}

function notify<N extends NotificationName>(handlers: ClientHandlers, name: N, payload: unknown): void {
  const parsed = NOTIFICATIONS[name].safeParse(payload);
  // The compiler cannot follow a generic key through the table to its schema's type.
  if (parsed.success) handlers.notify(name, parsed.data as NotificationPayload<N>);
  else handlers.malformed(`${name}: ${parsed.error.message}`);
}

function parseResult<M extends MethodName>(method: M, result: unknown): MethodOutput<M> {
  const parsed = METHODS[method].output.safeParse(result);
  if (!parsed.success) {
    throw new RequestError('internal', `The answer to ${method} could not be read. Reload the window.`, {
      cause: parsed.error,
    });
  }
  // The compiler cannot follow a generic key through the table to its schema's type.
  return parsed.data as MethodOutput<M>;
}
