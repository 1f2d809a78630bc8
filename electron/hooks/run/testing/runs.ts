import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../../backends/testing/shells.ts';
import { HOOK_MARK } from '../../../environment/inherited-environment.ts';
import type { RunHookDependencies, RunHookRequest, RunHookResult } from '../../hooks.ts';
import { createHookRunner, type HookRunnerOptions } from '../run-hook.ts';

let count = 0;

/** What a run reported besides its result. */
interface TestRun {
  readonly result: RunHookResult;
  /** What the executable wrote, as the log has it. */
  readonly wrote: string;
  /** `started` and `ended`, in the order of the calls. */
  readonly tracked: readonly string[];
}

/** A folder with hooks, and what runs them. */
export interface TestHooks extends Disposable {
  readonly folder: string;
  /** For what runs write to be looked at. */
  readonly results: string;
  /** Runs a script once. `$1` is the folder of results. */
  run(script: string, request?: Partial<RunHookRequest>, more?: Partial<TestMore>): Promise<TestRun>;
  /** Reads a file of the results. */
  read(name: string): string;
}

interface TestMore {
  readonly signal: AbortSignal;
  readonly started: RunHookDependencies['tracker']['started'];
  readonly mode: number;
}

/** Hooks in a folder of their own, run like the app does. */
export function testHooks(options: HookRunnerOptions): TestHooks {
  const root = mkdtempSync(join(tmpdir(), 'sandglass-hooks-test-'));
  const folder = join(root, 'a hook');
  const results = join(root, 'results');
  mkdirSync(folder);
  mkdirSync(results);
  const runner = createHookRunner({ graceMs: 300, ...options });
  return {
    folder,
    results,
    async run(script, request = {}, { signal = new AbortController().signal, started, mode = 0o755 } = {}) {
      count += 1;
      rmSync(join(folder, 'hook'), { force: true });
      writeFileSync(join(folder, 'hook'), script, { mode });
      let wrote = '';
      const note = (details: object): void => {
        if ('wrote' in details) wrote += String(details.wrote);
      };
      const tracked: string[] = [];
      const result = await runner(
        {
          hook: 'test',
          folder,
          file: 'hook',
          args: [results],
          body: '{"specversion":"1.0"}',
          environment: { SANDGLASS_EVENT: 'session:end', SANDGLASS_SESSION_ID: 'S', SANDGLASS_REASON: 'exited' },
          timeoutMs: 30_000,
          runId: testRunId(),
          ...request,
        },
        {
          tracker: {
            async started(...details) {
              tracked.push('started');
              await started?.(...details);
            },
            ended: () => void tracked.push('ended'),
          },
          logger: { debug: note, info: note, warn: note, error: note },
          hostEnvironment: { PATH: process.env.PATH, HOME: tmpdir(), TOKEN: 'secret', LC_ALL: 'C.UTF-8' },
        },
        signal,
      );
      return { result, wrote, tracked };
    },
    read: (name) => readFileSync(join(results, name), 'utf8').trim(),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The id of the run that was begun last. */
function testRunId(): string {
  return `TEST${process.pid}R${count}`;
}

/** Pids of this file's runs that are still there. */
export function leftRuns(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid || !isAlive(Number(pid))) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${HOOK_MARK}=TEST${process.pid}R`);
    } catch {
      return false;
    }
  });
}
