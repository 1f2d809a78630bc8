/// <reference path="./pino-roll.d.ts" />

import { once } from 'node:events';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import roll, { type RollStream } from 'pino-roll';
import { messageOf } from '../../shared/error-message.ts';
import type { Problem } from '../../shared/settings.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const DEFAULT_LEVEL = 'info';
/** Files kept, the one written to included. */
const MAX_FILES = 5;
const MAX_FILE_SIZE = '5m';
/** Lines that may wait for a slow disk, in bytes; what comes on top of that is dropped. */
const MAX_WAITING_BYTES = 4_194_304;

/**
 * Names of fields that may hold a secret or what a terminal shows or is told. Nobody should log such a field;
 * should it happen, its text does not reach the file. Numbers do: they are counts.
 */
const PRIVATE_FIELDS = [
  'authorization',
  'bytes',
  'cookie',
  'credential',
  'credentials',
  'data',
  'env',
  'environment',
  'input',
  'output',
  'password',
  'secret',
  'text',
  'token',
  'value',
];

export interface LogOptions {
  /** The folder of log files; made if missing. */
  readonly folder: string;
  /** `SANDGLASS_LOG_LEVEL`: the least severe level to write. */
  readonly level?: string | undefined;
  /** Told once if writing begins to fail later on. */
  readonly onProblem?: (problem: Problem) => void;
  /** Size after which the next file begins, e.g. `5m`. */
  readonly fileSize?: string;
  /** Where lines go when the folder cannot be used. */
  readonly fallback?: DestinationStream;
}

export interface Log {
  readonly logger: Logger;
  /** A logger whose lines carry the name of the part of Sandglass they come from. */
  child(module: string): Logger;
  /** What went wrong when the log was opened. */
  readonly problems: readonly Problem[];
  /** Writes what waits, now; for a process that is about to go down. Never throws. */
  flushSync(): void;
  /** Writes what waits and closes the file. Never throws. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the log: lines of JSON in `sandglass.<number>.log`, readable by the user alone, at most five files of 5 MB.
 * Writing happens behind and never holds up who logs. A folder that cannot be used is a problem, not an error:
 * the lines go to the standard error stream instead.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  const { level, problems } = readLevel(options.level);
  const target = await openFile(options);
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      redact: {
        paths: PRIVATE_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: (value: unknown) => (typeof value === 'number' ? value : '[private]'),
      },
    },
    target.stream,
  );
  return {
    logger,
    child: (module) => logger.child({ module }),
    problems: [...problems, ...target.problems],
    flushSync: target.flushSync,
    close: target.close,
  };
}

interface Target {
  readonly stream: DestinationStream;
  readonly problems: readonly Problem[];
  flushSync(): void;
  close(): Promise<void>;
}

async function openFile({
  folder,
  onProblem,
  fileSize = MAX_FILE_SIZE,
  fallback = standardError,
}: LogOptions): Promise<Target> {
  let file: RollStream;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    file = await roll({
      file: join(folder, 'sandglass'),
      extension: 'log',
      size: fileSize,
      limit: { count: MAX_FILES - 1, removeOtherLogFiles: true },
      mode: 0o600,
      maxLength: MAX_WAITING_BYTES,
    });
    await once(file, 'ready');
  } catch (error) {
    return {
      stream: fallback,
      problems: [
        unwritable(`The log folder ${folder} cannot be used (${messageOf(error)}). Log lines go to standard error.`),
      ],
      flushSync: () => {},
      close: async () => {},
    };
  }

  let told = false;
  const tell = (why: string): void => {
    if (told) return;
    told = true;
    onProblem?.(unwritable(`Writing to ${folder} failed (${why}). Log lines may be missing.`));
  };
  file.on('error', (error: unknown) => tell(messageOf(error)));
  file.on('drop', () => tell('the disk is too slow'));
  const flushSync = (): void => {
    try {
      file.flushSync();
    } catch {
      // The process is going down, and the file that would tell of it is the one that cannot be written.
    }
  };
  process.once('exit', flushSync);
  const closeFile = async (): Promise<void> => {
    process.off('exit', flushSync);
    try {
      const closed = once(file, 'close');
      file.end();
      await closed;
    } catch {
      // The error listener above has told of it; what could not be written is given up.
      file.destroy();
    }
  };
  let closing: Promise<void> | null = null;
  return {
    // A line that comes after the end, from a step of quitting that failed, is no reason to fail as well.
    stream: { write: (line) => (closing === null ? file.write(line) : fallback.write(line)) },
    problems: [],
    flushSync,
    close: () => {
      closing ??= closeFile();
      return closing;
    },
  };
}

const standardError: DestinationStream = {
  write: (line) => {
    process.stderr.write(line);
  },
};

function readLevel(text: string | undefined): { level: string; problems: Problem[] } {
  const asked = text?.trim().toLowerCase() ?? '';
  if (asked === '') return { level: DEFAULT_LEVEL, problems: [] };
  const level = LEVELS.find((known) => known === asked);
  if (level !== undefined) return { level, problems: [] };
  const message = `SANDGLASS_LOG_LEVEL is “${asked.slice(0, 40)}”; it can be ${LEVELS.join(', ')}. In force: ${DEFAULT_LEVEL}.`;
  const problem: Problem = { id: 'log-level', severity: 'warning', title: 'The log level is not known', message };
  return { level: DEFAULT_LEVEL, problems: [problem] };
}

function unwritable(message: string): Problem {
  return { id: 'log-unwritable', severity: 'warning', title: 'The log cannot be written', message };
}
