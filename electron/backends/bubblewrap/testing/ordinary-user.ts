import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { backendStatusSchema } from '../../../../shared/backends.ts';
import type { SandboxRun } from './run-inside.ts';

/** The user “nobody”: an ordinary user that every Linux has. */
export const NOBODY = 65_534;

const answerSchema = z.object({
  status: backendStatusSchema,
  outcomes: z.array(z.object({ text: z.string(), exitCode: z.number().nullable(), isolation: z.array(z.string()) })),
});
export type Answer = z.infer<typeof answerSchema>;

/** Starts a process that runs scripts in sandboxes, as {@link asOrdinaryUser} does. */
export function startSandboxRun(run: SandboxRun): ChildProcessByStdio<Writable, Readable, Readable> {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(process.execPath, [new URL('./run-inside.ts', import.meta.url).pathname], {
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: '/nonexistent', USER: 'nobody', TMPDIR: '/tmp' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(JSON.stringify(run));
  return child;
}

/**
 * Runs scripts in sandboxes that an ordinary user starts: this process's user, or the user “nobody” where this process is root's.
 * Throws when that fails.
 */
export async function asOrdinaryUser(run: SandboxRun): Promise<Answer> {
  const child = startSandboxRun(run);
  const [answer, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`Exit ${code}: ${complaint}`);
  return answerSchema.parse(JSON.parse(answer));
}
