import type { MessageChannelMain, WebContents } from 'electron';
import type { Logger } from 'pino';
import { CHANNELS, readConnectRequest } from '../../../shared/handshake.ts';
import type { Connection, Core } from '../../core/core.ts';
import { PortTransport } from './port-transport.ts';
import { checkSender, type SenderEvent } from './sender.ts';

export interface HandshakeOptions {
  /** Listens for messages of any sender on `CHANNELS.connect`. */
  readonly onRequest: (listener: (event: SenderEvent, message: unknown) => void) => void;
  /** Our window's contents; null when there is none. */
  readonly window: () => Pick<WebContents, 'id' | 'postMessage'> | null;
  readonly createChannel: () => MessageChannelMain;
  readonly core: Pick<Core, 'connect'>;
  readonly logger: Logger;
}

export interface Handshakes {
  /** The connection of the window; null while there is none. */
  readonly connection: Connection | null;
  /** Closes the connection there is. */
  close(reason: string): void;
}

/**
 * Answers our page's request for a connection with one end of a new message channel. A page has one connection: with
 * each new one, as after a reload, the one before is closed.
 */
export function answerHandshakes({ onRequest, window, createChannel, core, logger }: HandshakeOptions): Handshakes {
  let current: { connection: Connection; transport: PortTransport } | null = null;
  onRequest((event, message) => {
    const contents = window();
    const check = checkSender(event, contents?.id ?? null);
    if (!check.ok || contents === null) {
      logger.warn({ why: check.ok ? 'there is no window' : check.why }, 'A request to connect was refused');
      return;
    }
    const request = readConnectRequest(message);
    if (request === null) {
      logger.warn('A malformed request to connect was refused');
      return;
    }
    current?.transport.close('The window connected anew');
    const { port1, port2 } = createChannel();
    const transport = new PortTransport(port1);
    transport.onClose((reason) => logger.info({ reason }, 'The window disconnected'));
    current = { transport, connection: core.connect(transport) };
    contents.postMessage(CHANNELS.port, request, [port2]);
    logger.info('The window connected');
  });
  return {
    get connection() {
      return current === null || current.connection.closed ? null : current.connection;
    },
    close: (reason) => current?.transport.close(reason),
  };
}
