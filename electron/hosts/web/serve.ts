import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import open from 'open';
import * as z from 'zod';
import { watchDrift } from '../../core/clock-drift.ts';
import { openStorage } from '../../core/open-storage.ts';
import { startCore } from '../../core/start-core.ts';
import { onUnexpectedErrors } from '../../core/unexpected-errors.ts';
import { sessionEnvironment } from '../../environment/session-environment.ts';
import { nodeReaperCommand } from '../../reaper/command.ts';
import { LocationError } from '../../storage/locations.ts';
import { openSettingsFile } from '../../storage/settings-file-conf.ts';
import { Downloads } from './downloads.ts';
import { createInterrupt } from './interrupt.ts';
import { readOptions, USAGE, type WebHostOptions } from './options.ts';
import { startWebServer, WebServerError } from './server.ts';
import { createWebHost } from './web-host.ts';

/** The web host: the core, served to browsers of this machine. */

/** The core ends its sessions within 5 s, waits a second for a recovery, closes the journal within 2 and lets its backends go within 2. In milliseconds. */
const QUIT_LIMIT_MS = 11_000;

const projectFolder = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readVersion(): string {
  const text = readFileSync(join(projectFolder, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function serve(options: WebHostOptions): Promise<void> {
  const storage = await openStorage('web', process.env, openSettingsFile);
  const { log } = storage;
  const logger = log.child('web');
  const downloads = new Downloads(logger);
  const core = await startCore({
    storage,
    host: createWebHost(downloads),
    environment: await sessionEnvironment(process.env),
    appVersion: readVersion(),
    reaper: nodeReaperCommand(),
  });
  core.prepare();
  const server = await startWebServer({
    ...options,
    connect: (transport) => core.connect(transport),
    metrics: () => core.metrics(),
    downloads,
    logger,
  }).catch(async (error: unknown) => {
    await core.quit();
    await log.close();
    throw error;
  });
  const drift = watchDrift({
    onJump: (jumpMs) => {
      logger.info({ jumpMs }, 'The clock jumped or the machine slept');
      core.clockChanged();
    },
  });

  let quitting = false;
  const quit = (why: string, exitCode = 0): void => {
    if (quitting) return;
    quitting = true;
    // Whatever hangs or fails on the way, the process ends.
    setTimeout(() => process.exit(1), QUIT_LIMIT_MS).unref();
    logger.info({ why }, 'Quitting');
    drift[Symbol.dispose]();
    core
      .quit()
      .then(() => server[Symbol.asyncDispose]())
      .then(() => log.close())
      .then(() => process.exit(exitCode))
      .catch((error: unknown) => {
        logger.error({ err: error }, 'Quitting failed');
        log.flushSync();
        process.exit(1);
      });
  };
  onUnexpectedErrors(logger, () => quit('error', 1));
  // The terminal may be gone before this process is.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.on('SIGTERM', () => quit('SIGTERM'));
  process.on('SIGHUP', () => quit('SIGHUP'));
  process.on(
    'SIGINT',
    createInterrupt({
      liveSessions: () => core.liveSessions,
      stillRunning: () => core.stillRunning(),
      now: () => performance.now(),
      say,
      quit: () => quit('SIGINT'),
    }),
  );

  const showLink = (): string => {
    const link = server.link();
    say(`Sandglass is at ${link}`);
    return link;
  };
  const link = showLink();
  say('The link opens one browser. Press Enter for a fresh one, Ctrl+C to quit.');
  process.stdin.on('data', showLink);
  process.stdin.on('error', () => {});
  storage.lock.update({ pid: process.pid, host: 'web', address: new URL(link).origin });
  logger.info({ port: server.port }, 'Serving');
  if (options.open) {
    await open(link).catch((error: unknown) => {
      logger.warn({ err: error }, 'The browser could not be opened');
      say('The browser could not be opened. Open the link above yourself.');
    });
  }
}

const read = readOptions(process.argv.slice(2), process.env, projectFolder);
if (read.kind === 'help') {
  say(USAGE);
} else if (read.kind === 'wrong') {
  process.stderr.write(`${read.message}\n\n${USAGE}\n`);
  process.exitCode = 2;
} else {
  try {
    await serve(read.options);
  } catch (error) {
    const expected = error instanceof WebServerError || error instanceof LocationError;
    process.stderr.write(expected ? `${error.message}\n` : `Sandglass could not start: ${describe(error)}\n`);
    process.exit(1);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
