import type { Logger } from 'pino';

/**
 * What happens at an error nobody handled, which is a bug: a rejected promise is logged, and the sessions go on; after a thrown
 * error nothing can be relied on, so that it is logged and `quit` is to end everything in order.
 */
export function onUnexpectedErrors(logger: Logger, quit: () => void): void {
  process.on('unhandledRejection', (reason) => logger.error({ err: reason }, 'A promise was rejected unhandled'));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'An error was not handled');
    quit();
  });
}
