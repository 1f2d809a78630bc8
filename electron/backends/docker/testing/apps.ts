import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ProfileOf } from '../../../../shared/profile.ts';
import { containerInfoSchema } from '../../../../shared/session.ts';
import type { ReattachSpec, StartSpec } from '../../backend.ts';

/** What a stand-in for the app is to do. */
export interface AppOrders {
  /** Where the engine listens, as `DOCKER_HOST` names it. */
  readonly engine: string;
  readonly installation: string;
  /** What it starts. */
  readonly spec: Partial<StartSpec>;
  /** A session to be taken over instead; null: none. */
  readonly reattached: ReattachSpec | null;
  /** Kept ready before; null: nothing is. */
  readonly pooled: ProfileOf<'docker'> | null;
  /** What it types, and what it waits for each time: a regular expression. */
  readonly typed: readonly (readonly [string, string])[];
}

const reportSchema = z.object({ reaper: z.number().nullable(), container: containerInfoSchema.nullable() });
export type AppReport = z.infer<typeof reportSchema>;

/** A stand-in that has a session. */
export interface App extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly reaper: number;
  readonly container: NonNullable<AppReport['container']>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Begins to end its session, and stops there. */
  settle(): Promise<void>;
  /** Ends its session and itself, as the app does when it is quit. Resolves when it is gone. */
  quit(): Promise<void>;
}

/** Starts a stand-in for the app, and resolves when it has its session. */
export async function startApp(orders: AppOrders): Promise<App> {
  const script = fileURLToPath(new URL('surviving-app.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(orders)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const ended = exited.then(() => Promise.reject(new Error('The stand-in ended before it had a session')));
  ended.catch(() => undefined);
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  const { reaper, container } = reportSchema.parse(JSON.parse(String(line)));
  if (reaper === null || container === null) throw new Error('The stand-in has no reaper, or no container');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    process: child,
    reaper,
    container,
    kill,
    async settle() {
      child.stdin.write('settle\n');
      await once(lines, 'line');
    },
    async quit() {
      child.stdin.write('quit\n');
      await exited;
    },
    [Symbol.asyncDispose]: kill,
  };
}
