import { spawnSync } from 'node:child_process';

/**
 * Runs a program that builds a package.
 *
 * @throws when it cannot be started or fails, with what it printed.
 */
export function runTool(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 2 ** 20,
  });
  if (error) throw new Error(`${program} could not be started: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${program} failed with status ${status}:\n${stdout}${stderr}`);
  return stdout;
}
