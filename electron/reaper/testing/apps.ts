import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What a stand-in for the app is to open. */
export interface StandInOptions {
  /** Each runs in a session of its own, and prints `ready` with the pids that are to go with it. */
  readonly scripts: readonly string[];
  /** Where sessions get cgroups; null: nowhere. */
  readonly cgroupParent: string | null;
  /** Freezes all sessions at last. */
  readonly isFrozen: boolean;
  /** Where a container engine listens; null: none is used. */
  readonly socket: string | null;
  readonly image: string;
  /** A container each; whether it is registered at the reaper, or the app dies before it has learned of it. */
  readonly containers: readonly boolean[];
  /** Private folders of sessions: the session's id, and the path. */
  readonly folders: readonly (readonly [string, string])[];
  /** What its containers' labels say of its start. */
  readonly start: string;
}

const reportSchema = z.object({
  reaper: z.number().nullable(),
  shells: z.array(z.number()),
  /** What the scripts have printed. */
  pids: z.array(z.number()),
  containers: z.array(z.string()),
});
const restartSchema = z.object({ reaper: z.number() });
export type StandInReport = z.infer<typeof reportSchema>;

/** A stand-in that has opened everything. */
export interface StandIn extends StandInReport, AsyncDisposable {
  readonly process: ChildProcess;
  /** Ends its helper, and resolves with the pid of the next one, which has got all that is tracked by then. */
  replaceReaper(): Promise<number>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends its sessions and itself, as the app does when it is quit. Resolves when it is gone. */
  quit(): Promise<void>;
}

const NOTHING: StandInOptions = {
  scripts: [],
  cgroupParent: null,
  isFrozen: false,
  socket: null,
  image: '',
  containers: [],
  folders: [],
  start: '1',
};

/** Starts a stand-in for the app. */
export async function startApp(options: Partial<StandInOptions>): Promise<StandIn> {
  const script = fileURLToPath(new URL('stand-in-app.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify({ ...NOTHING, ...options })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ended = exited.then(() => Promise.reject(new Error('The stand-in ended before it had opened everything')));
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  const report = reportSchema.parse(JSON.parse(String(line)));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    ...report,
    process: child,
    kill,
    async replaceReaper() {
      process.kill(report.reaper ?? 0, 'SIGKILL');
      const [next] = await Promise.race([once(lines, 'line'), ended]);
      return restartSchema.parse(JSON.parse(String(next))).reaper;
    },
    async quit() {
      child.stdin.write('quit\n');
      await exited;
    },
    [Symbol.asyncDispose]: kill,
  };
}
