import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { loginShell } from './login-shell.ts';

/** Whether the user's shell could be asked, and what its environment is. */
export type ResolvedEnvironment =
  | { readonly ok: true; readonly environment: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string };

export interface ShellResolutionOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
  /** After this the shell is killed and given up, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Start-up files of a shell may be slow, not endless. In milliseconds. */
const TIMEOUT_MS = 10_000;
/** Far more than an environment can hold. */
const MAX_OUTPUT_BYTES = 8_388_608;

/** Tells start-up files why they are run, so that they can leave out what is for terminals. */
const RESOLVING_VARIABLE = 'SANDGLASS_RESOLVING_ENVIRONMENT';

/**
 * The environment that the user's own shell would have as an interactive login shell. An app that is started from the desktop
 * gets less: on macOS a `PATH` of system folders only, and nothing that the user's start-up files set. Never rejects.
 */
export async function environmentOfLoginShell({
  environment,
  platform,
  timeoutMs = TIMEOUT_MS,
}: ShellResolutionOptions): Promise<ResolvedEnvironment> {
  const shell = loginShell(platform, environment);
  const options = shellOptions(basename(shell));
  if (options === null) return { ok: false, message: `${shell} is not a shell that Sandglass can ask` };
  // Start-up files may print something themselves.
  const mark = `sandglass-${randomBytes(12).toString('hex')}`;
  const command = `printf '%s' '${mark}'; /usr/bin/env -0; printf '%s' '${mark}'`;
  const { promise, resolve } = Promise.withResolvers<ResolvedEnvironment>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const child = spawn(shell, [...options, command], {
    env: { ...environment, [RESOLVING_VARIABLE]: '1' },
    // A process group of its own, so that what it started goes with it; and no terminal that it could ask on.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const killGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const timer = setTimeout(() => {
    killGroup();
    resolve({ ok: false, message: `${shell} did not start up within ${timeoutMs / 1_000} seconds` });
  }, timeoutMs);
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > MAX_OUTPUT_BYTES) return killGroup();
    // Not its end: what a start-up file left running in the background may hold the pipe open.
    const [, between, after] = Buffer.concat(chunks).toString('utf8').split(mark);
    const resolved = between === undefined || after === undefined ? null : variablesIn(between);
    if (resolved !== null) resolve({ ok: true, environment: resolved });
  });
  child.once('error', (error) => resolve({ ok: false, message: `${shell} did not start (${error.message})` }));
  child.once('close', () => resolve({ ok: false, message: `${shell} did not print its environment` }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    killGroup();
    child.stdout.destroy();
  }
}

/** The options for an interactive login shell that runs one command; null for a shell whose options are not known. */
function shellOptions(name: string): readonly string[] | null {
  if (/^(?:ba|z|k|mk|da|a|fi)?sh$/.test(name)) return ['-i', '-l', '-c'];
  // Takes no other option beside -l.
  if (/^t?csh$/.test(name)) return ['-i', '-c'];
  return null;
}

function variablesIn(text: string): Record<string, string> | null {
  const environment: Record<string, string> = {};
  for (const variable of text.split('\0')) {
    const equals = variable.indexOf('=', 1);
    if (equals > 0) environment[variable.slice(0, equals)] = variable.slice(equals + 1);
  }
  delete environment[RESOLVING_VARIABLE];
  // Those of the shell that was asked.
  for (const name of ['_', 'SHLVL', 'PWD', 'OLDPWD']) delete environment[name];
  return environment.PATH === undefined ? null : environment;
}
