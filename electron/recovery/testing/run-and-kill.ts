import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('crashing-app.ts', import.meta.url));

/**
 * Starts a stand-in for the app on a data folder, and kills it as soon as it has printed so many lines. Gives the errors that
 * it reported. Rejects when it ended by itself.
 */
export async function runAndKill(home: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [SCRIPT, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const errors: string[] = [];
  let printed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('error')) errors.push(line);
    printed += 1;
    if (printed === lines) child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL') throw new Error(`The stand-in ended by itself, with ${signal ?? code}`);
  return errors;
}
