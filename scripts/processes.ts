import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How a program ended. */
export interface Ending {
  /** Its exit status, or 128 and the signal's number as shells have it; 127 when it could not be started. */
  status: number;
  /** The signal that ended it, or why it could not be started. */
  cause?: string;
  /** Whether it was ended because its time was up. */
  timedOut: boolean;
  /** How long it ran. */
  seconds: number;
}

/** How long a program that is told to end may take before it is killed, in milliseconds. */
const GRACE_MS = 15_000;

/**
 * Runs a program in this terminal to its end. Ctrl+C reaches it by the terminal; a SIGTERM to this process is passed on.
 * When `limitSeconds`, if finite, are over, it is told to end, and killed if it does not. It never throws: a program that cannot be
 * started is an ending, too.
 */
export function run(
  program: string,
  args: string[],
  options: SpawnOptions & { limitSeconds?: number } = {},
  onStart: (child: ChildProcess) => void = () => {},
): Promise<Ending> {
  const { limitSeconds, ...spawnOptions } = options;
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: 'inherit', ...spawnOptions });
  onStart(child);
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  if (limitSeconds !== undefined && Number.isFinite(limitSeconds)) {
    const onLimit = () => {
      timedOut = child.kill('SIGTERM');
      timers.push(setTimeout(() => child.kill('SIGKILL'), GRACE_MS));
    };
    timers.push(setTimeout(onLimit, limitSeconds * 1000));
  }
  const wait = () => {};
  const passOn = () => child.kill('SIGTERM');
  process.on('SIGINT', wait);
  process.on('SIGTERM', passOn);

  const end = (status: number, cause?: string) => {
    process.off('SIGINT', wait);
    process.off('SIGTERM', passOn);
    for (const timer of timers) clearTimeout(timer);
    const seconds = (performance.now() - startedAt) / 1000;
    resolve({ status, timedOut, seconds, ...(cause === undefined ? {} : { cause }) });
  };
  child.once('error', (error) => end(127, error.message));
  child.once('close', (code, signal) => (signal ? end(128 + constants.signals[signal], signal) : end(code ?? 1)));
  return promise;
}

/** Like {@link run}, and keeps what the program writes instead of showing it: its output and its errors, in one text. */
export async function runQuietly(
  program: string,
  args: string[],
  options: SpawnOptions & { limitSeconds?: number } = {},
): Promise<Ending & { output: string }> {
  const chunks: Buffer[] = [];
  const keep = (chunk: Buffer) => void chunks.push(chunk);
  const ending = await run(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }, (child) => {
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  });
  return { ...ending, output: Buffer.concat(chunks).toString() };
}

/** The status of a program that Ctrl+C ended. */
export const interruptedStatus = 128 + constants.signals.SIGINT;
