/**
 * The desktop's handshake, in one place: the page asks the preload, the preload asks the main process, which checks
 * the sender and answers with one end of a new message channel; the preload hands it to the page.
 */
export const CHANNELS = {
  /** Preload → main: a {@link ConnectRequest}. */
  connect: 'sandglass:connect',
  /** Main → preload: the same request back, with the port. */
  port: 'sandglass:port',
} as const;

/** The page numbers its requests from 1, so that an answer to an older one is not taken for the newest. */
export interface ConnectRequest {
  readonly request: number;
}

/** What the preload posts to its page, together with the port. */
export interface PortMessage extends ConnectRequest {
  readonly type: typeof CHANNELS.port;
}

/** What the preload puts on `window.sandglass`: the whole of what the page gets besides its port. The page cannot make paths known with it: only files that the user drops have one. */
export interface DesktopBridge {
  requestPort(request: number): void;
  /** The path of a `File` that was dropped on the page; empty for anything else. */
  pathOf?(file: unknown): string;
}

/** Reads a connect request. Null: it is none. By hand, so that the preload needs no library. */
export function readConnectRequest(message: unknown): ConnectRequest | null {
  if (typeof message !== 'object' || message === null || !('request' in message)) return null;
  const { request } = message;
  return typeof request === 'number' && Number.isSafeInteger(request) && request > 0 ? { request } : null;
}

/** Reads a port message. Null: it is none. */
export function readPortMessage(message: unknown): PortMessage | null {
  const request = readConnectRequest(message);
  if (request === null || typeof message !== 'object' || message === null || !('type' in message)) return null;
  return message.type === CHANNELS.port ? { ...request, type: CHANNELS.port } : null;
}
