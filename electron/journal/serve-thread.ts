import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import type { Logger } from '../base/logger.ts';
import {
  JOURNAL_EVENTS,
  type JournalClientMethods,
  type JournalServerMethods,
  type JournalWorkerData,
  type LogLevel,
} from './journal-protocol.ts';
import { JournalServer, type JournalServerParts } from './journal-server.ts';

/** Serves the journal to the thread that has started this one. */
export function serveJournal(parts: JournalServerParts): void {
  const port = parentPort;
  if (port === null) throw new Error('The journal is served in a thread of its own');
  // It comes from the client of the same version.
  const data: JournalWorkerData = workerData;

  /** What is not answered; that it cannot be sent concerns nobody who waits. */
  const tell = (sent: Promise<unknown>, what: string): void => {
    sent.catch((error: unknown) =>
      logger.error({ err: error, what }, 'Something could not be told to the main thread'),
    );
  };
  const log = (level: LogLevel, details: object, message: string): void => {
    rpc.log(level, details, message).catch(() =>
      // Something in it cannot go to another thread; its description can.
      rpc.log(level, { details: inspect(details, { depth: 4 }) }, message),
    );
  };
  const logger: Logger = {
    debug: (details, message) => log('debug', details, message),
    info: (details, message) => log('info', details, message),
    warn: (details, message) => log('warn', details, message),
    error: (details, message) => log('error', details, message),
  };
  const host: JournalServerMethods = new JournalServer({
    ...parts,
    data,
    logger,
    problem: (problem) => tell(rpc.problem(problem), 'problem'),
    client: {
      hooksChanged: (view) => tell(rpc.hooksChanged(view), 'hooksChanged'),
      hookStarted: (run, pid, cgroups) => rpc.hookStarted(run, pid, cgroups),
      hookEnded: (run) => tell(rpc.hookEnded(run), 'hookEnded'),
    },
  });
  const rpc = createBirpc<JournalClientMethods, JournalServerMethods>(host, {
    bind: 'functions',
    eventNames: [...JOURNAL_EVENTS],
    post: (message) => port.postMessage(message),
    on: (listener) => port.on('message', listener),
    // The main thread answers when it can; it does not get lost without this one.
    timeout: -1,
    onFunctionError: (error, method) => logger.error({ err: error, method }, 'A request to the journal failed'),
  });
}
