import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { z } from 'zod';
import { inheritable, stdioWithoutTerminals } from '../../../processes/child-descriptors.ts';

/** How long a helper may take, in milliseconds: a keychain may ask a person to unlock it. */
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/** What a helper answers for a registry. */
export type HelperAnswer =
  | { readonly kind: 'found'; readonly username: string; readonly secret: string }
  | { readonly kind: 'none' }
  /** For a person; nothing that the helper has written is in it. */
  | { readonly kind: 'failed'; readonly message: string };

/** How helpers are run. */
export interface HelperOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Another time for tests. */
  readonly timeoutMs?: number;
}

/**
 * Asks `docker-credential-NAME get` for a registry's credentials
 * (https://github.com/docker/docker-credential-helpers#development): the address on its standard input, JSON on its standard output.
 * It runs as the user, without a shell and without a terminal. Never rejects.
 */
export async function runCredentialHelper(
  name: string,
  address: string,
  options: HelperOptions,
): Promise<HelperAnswer> {
  const { environment, signal, timeoutMs = TIMEOUT_MS } = options;
  const program = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    return failed('The docker configuration names a credential helper that cannot exist.');
  if (signal.aborted) return { kind: 'none' };
  let child: ChildProcess;
  try {
    child = start(program, environment);
  } catch (error) {
    return failed(`${program} could not be started (${codeOf(error)}).`);
  }
  const { promise, resolve } = Promise.withResolvers<HelperAnswer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (answer: HelperAnswer): void => {
    resolve(answer);
    child.kill('SIGKILL');
  };
  const onAbort = (): void => stop({ kind: 'none' });
  const timer = setTimeout(
    () => stop(failed(`${program} did not answer within ${Math.round(timeoutMs / 1000)} seconds.`)),
    timeoutMs,
  );
  signal.addEventListener('abort', onAbort, { once: true });
  child.once('error', (error) => {
    const isMissing = codeOf(error) === 'ENOENT';
    resolve(failed(isMissing ? `${program} is not installed.` : `${program} could not be started (${codeOf(error)}).`));
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > MAX_ANSWER_BYTES) stop(failed(`${program} printed more than 64 KiB.`));
  });
  child.once('close', (code) => resolve(read(program, Buffer.concat(chunks).toString(), code)));
  // It may exit without reading.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`${address}\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    child.stdout?.destroy();
    for (const chunk of chunks) chunk.fill(0);
  }
}

function start(program: string, environment: HelperOptions['environment']): ChildProcess {
  const nothing = openSync(devNull, 'r+');
  try {
    const others = process.platform === 'linux' ? inheritable() : [];
    return spawn(program, ['get'], {
      env: { ...environment },
      windowsHide: true,
      stdio: stdioWithoutTerminals<'ignore' | 'pipe'>(['pipe', 'pipe', 'ignore'], nothing, others),
    });
  } finally {
    closeSync(nothing);
  }
}

function read(program: string, text: string, code: number | null): HelperAnswer {
  // Helpers say so on their standard output, and exit with an error.
  if (/credentials not found|no credentials server URL/i.test(text)) return { kind: 'none' };
  if (code !== 0) return failed(`${program} failed${code === null ? '' : ` with exit status ${code}`}.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = null;
  }
  const answer = answerSchema.safeParse(parsed);
  if (!answer.success) return failed(`${program} did not print credentials.`);
  const { Username: username, Secret: secret } = answer.data;
  return username === '' && secret === '' ? { kind: 'none' } : { kind: 'found', username, secret };
}

function failed(message: string): HelperAnswer {
  return { kind: 'failed', message };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
