import { linuxProcesses } from '../../../processes/linux-processes.ts';
import { nodeReaperCommand } from '../../../reaper/command.ts';
import { createReaper } from '../../../reaper/reaper-client.ts';
import { createHookRunner, type HookRunnerOptions } from '../run-hook.ts';
import { trackRuns } from '../track-runs.ts';

/** What a stand-in for the app is to run. */
export interface StandInHook {
  readonly folder: string;
  readonly file: string;
  readonly options: HookRunnerOptions;
  /** Never answers that the run is tracked, so that it can be killed before the executable runs. */
  readonly isHeld: boolean;
}

// Stands in for the app in tests: runs a hook, watched over by a reaper, and waits to be killed.
const hook: StandInHook = JSON.parse(process.argv[2] ?? '{}');
const reaper = createReaper({
  log: { info() {}, warn() {} },
  command: nodeReaperCommand(),
  onProblem: (problem) => process.stderr.write(`${problem.message}\n`),
});
const watched = trackRuns(reaper, linuxProcesses);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
await createHookRunner(hook.options)(
  {
    hook: 'test',
    folder: hook.folder,
    file: hook.file,
    args: [],
    body: '{}',
    environment: { SANDGLASS_EVENT: 'session:end' },
    timeoutMs: 600_000,
    runId: `TEST${process.pid}`,
  },
  {
    tracker: {
      ...watched,
      async started(run, pid, cgroups) {
        if (!hook.isHeld) await watched.started(run, pid, cgroups);
        process.stdout.write(`${JSON.stringify({ reaper: reaper.pid })}\n`);
        if (hook.isHeld) await new Promise(() => {});
      },
    },
    logger: silent,
    hostEnvironment: process.env,
  },
  new AbortController().signal,
);
