import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { parse } from 'node:path';
import { withDeadline } from '../base/with-deadline.ts';
import { SESSION_MARK } from '../environment/inherited-environment.ts';
import { inheritable, stdioWithoutTerminals } from '../processes/child-descriptors.ts';
import { closeTree } from '../processes/close-ladder.ts';
import type { ProcessIdentity, ProcessTable } from '../processes/process-table.ts';
import { ProcessTree } from '../processes/process-tree.ts';
import type { ProcessTracker } from '../processes/tracker.ts';
import { killWindowsTree } from '../processes/windows-ladder.ts';
import { type Fetched, MAX_VALUE_BYTES, unavailable, usableValue } from './value.ts';

/** How long a command may take, in milliseconds. */
const COMMAND_TIMEOUT_MS = 30_000;
/** How long the end of its output is waited for once it has exited: what it has left in the background may hold on to it. */
const LAST_OUTPUT_MS = 500;

/** What commands are run with. */
export interface CommandSurroundings {
  /** The app's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's home folder, where it runs. */
  readonly home: string;
  readonly processes: ProcessTable;
  /** Tracks commands while they run: they end with the app. */
  readonly tracker: Pick<ProcessTracker, 'session' | 'ended'>;
  /** Another time for tests. */
  readonly timeoutMs?: number;
}

/** How a command came to its end. */
type Outcome =
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not_started'; readonly code: string }
  | { readonly kind: 'too_long' | 'timed_out' | 'aborted' };

/**
 * Gets a value from what a command prints. It runs as the user, without a shell, without a terminal and without input, in a
 * process group of its own. What it says on stderr is dropped, because it may hold the value. Where it takes too long,
 * prints too much, or is not needed any more, it is killed with everything that it has started; what a command that went
 * well leaves in the background, such as an agent, is left alone. Never rejects.
 */
export async function fetchByCommand(
  command: string,
  args: readonly string[],
  surroundings: CommandSurroundings,
  signal: AbortSignal,
): Promise<Fetched> {
  const subject = `The command ${command}`;
  if (signal.aborted) return ABORTED;
  const mark = `credential-${randomUUID()}`;
  const chunks: Buffer[] = [];
  // Before it runs: its mark finds all of it.
  surroundings.tracker.session(mark, { shell: null, cgroups: [] });
  let outcome: Outcome;
  try {
    outcome = await run(command, args, { ...surroundings, mark, chunks }, signal);
  } finally {
    surroundings.tracker.ended(mark);
  }
  const printed = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  if (outcome.kind === 'exited' && outcome.code === 0) return usableValue(printed, subject);
  printed.fill(0);
  switch (outcome.kind) {
    case 'exited': {
      const how = outcome.signal === null ? `ended with exit status ${outcome.code}` : `was ended by ${outcome.signal}`;
      return unavailable(`${subject} ${how}.`, 'Run it in a terminal to see what it says.');
    }
    case 'not_started':
      return notStarted(subject, outcome.code);
    case 'too_long':
      return unavailable(`${subject} printed more than 64 KiB.`, 'Make sure it prints the value and nothing else.');
    case 'timed_out':
      return unavailable(
        `${subject} took longer than ${Math.round((surroundings.timeoutMs ?? COMMAND_TIMEOUT_MS) / 1_000)} seconds.`,
        'Run it in a terminal to see whether it waits for something; it has no terminal and no input here.',
      );
    case 'aborted':
      return ABORTED;
  }
}

const ABORTED = unavailable('It was not waited for.', 'Open a new session.');

interface Run extends CommandSurroundings {
  /** In its environment and that of all it starts. */
  readonly mark: string;
  readonly chunks: Buffer[];
}

async function run(command: string, args: readonly string[], options: Run, signal: AbortSignal): Promise<Outcome> {
  const { processes, tracker, mark, chunks, timeoutMs = COMMAND_TIMEOUT_MS } = options;
  const child = start(command, args, options);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const closed = Promise.withResolvers<void>();
  let bytes = 0;
  child.once('error', (error) => {
    if (child.pid === undefined) resolve({ kind: 'not_started', code: codeOf(error) });
  });
  child.once('exit', (code, killedBy) => resolve({ kind: 'exited', code, signal: killedBy }));
  child.once('close', () => closed.resolve());
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    // Its last line end does not count, so this is a little more than a value may have.
    if (bytes <= MAX_VALUE_BYTES + 2) return;
    child.stdout?.destroy();
    resolve({ kind: 'too_long' });
  });
  const timer = setTimeout(() => resolve({ kind: 'timed_out' }), timeoutMs);
  const abort = (): void => resolve({ kind: 'aborted' });
  signal.addEventListener('abort', abort, { once: true });
  const shell = child.pid === undefined ? null : await processes.find(child.pid).catch(() => null);
  if (shell !== null) tracker.session(mark, { shell, cgroups: [] });
  try {
    const outcome = await promise;
    if (outcome.kind === 'exited') await withDeadline(closed.promise, LAST_OUTPUT_MS, undefined);
    else if (outcome.kind !== 'not_started') await killAll(child, shell, mark, processes);
    return outcome;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    child.stdout?.destroy();
  }
}

function start(command: string, args: readonly string[], { environment, home, mark }: Run): ChildProcess {
  const nothing = openSync(devNull, 'r+');
  try {
    const others = process.platform === 'linux' ? inheritable() : [];
    return spawn(command, args, {
      cwd: existsSync(home) ? home : parse(process.execPath).root,
      env: { ...environment, [SESSION_MARK]: mark },
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: stdioWithoutTerminals<'ignore' | 'pipe'>(['ignore', 'pipe', 'ignore'], nothing, others),
    });
  } finally {
    closeSync(nothing);
  }
}

/** SIGKILL to the command and all that it has started. Never rejects. */
async function killAll(
  child: ChildProcess,
  shell: ProcessIdentity | null,
  mark: string,
  table: ProcessTable,
): Promise<void> {
  const tree = new ProcessTree({ table, shell, sessionId: mark, contained: () => [] });
  const shellExited = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  try {
    if (process.platform === 'win32') await killWindowsTree(tree, await tree.members());
    else await closeTree({ tree, cgroup: null, shellExited, now: () => performance.now() }, 0);
  } catch {
    // The processes could not be listed: its group goes at least.
    try {
      if (child.pid !== undefined) process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

function notStarted(subject: string, code: string): Fetched {
  switch (code) {
    case 'ENOENT':
      return unavailable(`${subject} was not found.`, 'Install it, or give its full path in the profile.');
    case 'EACCES':
      return unavailable(`${subject} may not be run by you.`, 'Make the file executable, or choose another one.');
    default:
      return unavailable(`${subject} was not started by the system (${code}).`, 'Check the command in the profile.');
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
