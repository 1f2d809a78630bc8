import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../shared/error-message.ts';
import { processTable } from '../../backends/pty/terminal-session.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import { type LimitSupport, legacyFolders, probeCgroups } from '../../processes/cgroup-support.ts';
import { planLimits } from '../../processes/resource-limits.ts';
import { SessionCgroups } from '../../processes/session-cgroups.ts';
import { shareTable } from '../../processes/shared-table.ts';
import type { RunHook, RunHookDependencies, RunHookRequest, RunHookResult } from '../hooks.ts';
import { checkExecutable } from './check-executable.ts';
import { endRun } from './containment.ts';
import { hookEnvironment } from './hook-environment.ts';
import { FLOOD_BYTES, HookOutput } from './hook-output.ts';
import { describeRun, type HookEnd } from './messages.ts';
import { createStartBarrier, type StartBarrier } from './start-barrier.ts';
import { type HookStreams, openStreams } from './streams.ts';

/** What a hook gets between SIGTERM and SIGKILL, in milliseconds. */
const GRACE_MS = 1000;
/** Processes and threads of one run at once, where that can be bounded. */
export const MAX_PROCESSES = 1024;
/** How long it may take until an executable runs at all, in milliseconds. */
const START_TIMEOUT_MS = 10_000;
/** How long the end of the output is waited for when everything that wrote is gone, in milliseconds. */
const LAST_OUTPUT_MS = 500;
/** What a run may be called: the reaper and cgroups know it by this. */
const RUN_ID = /^[0-9A-Za-z_-]{1,64}$/;

/** What the runner takes from its machine; others for tests. */
export interface HookRunnerOptions {
  /** Linux: make cgroups below this folder instead of below the app's own; `none`: make none. */
  readonly cgroupParent?: string | { readonly none: true };
  /** Linux: the program that makes scopes where cgroups cannot be made directly. */
  readonly systemdRun?: string;
  /** For temporary files. */
  readonly temporary?: string;
  readonly graceMs?: number;
}

/** What is found out once. */
interface Machine extends LimitSupport {
  readonly temporary: string;
  readonly graceMs: number;
}

const table = shareTable(processTable());

/** Makes a runner of hooks' executables. It finds out how to contain them with the first run. */
export function createHookRunner(options: HookRunnerOptions = {}): RunHook {
  let support: Promise<LimitSupport> | null = null;
  return async (request, dependencies, signal) => {
    const { logger } = dependencies;
    const details = { hook: request.hook, run: request.runId, event: request.environment.SANDGLASS_EVENT };
    const output = new HookOutput();
    let result: RunHookResult;
    try {
      support ??= probe(options, logger);
      const machine = { temporary: tmpdir(), graceMs: GRACE_MS, ...options, ...(await support) };
      result = await runContained({ request, dependencies, signal, machine, output });
    } catch (error) {
      logger.warn({ ...details, err: error }, 'A hook could not be run');
      result = { kind: 'failed', words: `could not be run: ${messageOf(error)}` };
    }
    const wrote = output.text();
    const report = { ...details, outcome: result.words, ...(wrote === '' ? {} : { wrote }) };
    if (result.kind === 'ok') logger.info(report, 'A hook has run');
    else logger.warn(report, 'A hook has failed');
    return result;
  };
}

/** Runs a hook's executable once. */
export const runHook: RunHook = createHookRunner();

async function probe(options: HookRunnerOptions, logger: RunHookDependencies['logger']): Promise<LimitSupport> {
  const nothing: LimitSupport = { cgroups: null, legacy: new Map() };
  if (process.platform !== 'linux' || typeof options.cgroupParent === 'object') return nothing;
  try {
    const cgroups = await probeCgroups({ parent: options.cgroupParent, systemdRun: options.systemdRun });
    const isBounded = cgroups?.controllers.includes('pids') === true;
    // What can bound the number of processes; the other controllers are of no use here.
    const legacy = isBounded ? new Map() : await legacyFolders(['memory', 'cpu']);
    return { cgroups, legacy };
  } catch (error) {
    logger.warn({ err: error }, 'Whether hooks can have cgroups could not be found out; they get none');
    return nothing;
  }
}

interface Run {
  readonly request: RunHookRequest;
  readonly dependencies: RunHookDependencies;
  readonly signal: AbortSignal;
  readonly machine: Machine;
  readonly output: HookOutput;
}

async function runContained(run: Run): Promise<RunHookResult> {
  const { request, dependencies, machine } = run;
  const { folder, runId } = request;
  if (!RUN_ID.test(runId)) throw new Error(`${runId} does not name a run`);
  const environment = hookEnvironment(request, dependencies.hostEnvironment, process.platform);
  const file = join(folder, request.file);
  const check = (): Promise<string | null> => checkExecutable(file, environment.PATH ?? '');
  const problem = await check();
  if (problem !== null) return { kind: 'failed', words: problem };

  const limits = planLimits({ memoryMiB: null, cpus: null, pids: MAX_PROCESSES }, machine, false);
  const cgroups = makeCgroups(run, limits);
  let streams: HookStreams | null = null;
  try {
    streams = process.platform === 'win32' ? null : await openStreams(request.body, machine.temporary);
    const scope = machine.cgroups?.kind === 'scope' ? { systemdRun: machine.cgroups.systemdRun, limits } : null;
    const command = windowsCommand([file, ...request.args], environment);
    const barrier = await createStartBarrier({ runId, command, folder, environment, streams, cgroups, scope, table });
    await streams?.release();
    const result = await supervise(run, barrier, cgroups, streams);
    // The system says “not found” of a script whose interpreter is missing, too.
    const isUnstarted = result.end.kind === 'exited' && (result.end.code === 126 || result.end.code === 127);
    const why = isUnstarted ? await check() : null;
    if (result.end.kind === 'exited' && result.end.code === 0) return { kind: 'ok', words: result.words };
    return { kind: 'failed', words: why ?? result.words };
  } catch (error) {
    // It may have been removed meanwhile, with its folder.
    const why = await check();
    if (why === null) throw error;
    return { kind: 'failed', words: why };
  } finally {
    streams?.output.destroy();
    await streams?.release();
    cgroups.remove();
  }
}

function makeCgroups({ request, dependencies, machine }: Run, limits: ReturnType<typeof planLimits>): SessionCgroups {
  try {
    return SessionCgroups.create(machine.cgroups, limits, machine.legacy, request.runId);
  } catch (error) {
    dependencies.logger.warn({ hook: request.hook, err: error }, 'A hook gets no cgroup');
    return new SessionCgroups(null);
  }
}

/** Windows runs batch files through its command interpreter only. */
function windowsCommand(
  [file, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
): readonly [string, ...string[]] {
  const isBatch = process.platform === 'win32' && ['.cmd', '.bat'].includes(extname(file).toLowerCase());
  return isBatch ? [environment.COMSPEC ?? 'cmd.exe', '/d', '/c', file, ...args] : [file, ...args];
}

/** Lets the executable run, waits for its end or makes it, and ends what it has left. */
async function supervise(
  { request, dependencies, signal, machine, output }: Run,
  barrier: StartBarrier,
  cgroups: SessionCgroups,
  streams: HookStreams | null,
): Promise<{ end: HookEnd; words: string }> {
  const { tracker } = dependencies;
  const { runId, timeoutMs } = request;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<HookEnd>();
  const outputs: readonly (Readable | null)[] =
    streams === null ? [barrier.child.stdout, barrier.child.stderr] : [streams.output];
  const drained = Promise.all(
    outputs.filter((each) => each !== null).map((each) => collect(each, output, () => stop(FLOODED))),
  );
  const onAbort = (): void => stop({ kind: 'stopped' });
  signal.addEventListener('abort', onAbort, { once: true });
  let timer: NodeJS.Timeout | null = null;
  let begun = performance.now();
  const exit = barrier.exited.then(({ code, signal: by }): HookEnd => {
    return by === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal: by };
  });
  try {
    if (signal.aborted) onAbort();
    let end = await untilTracked(tracker.started(runId, barrier.pid, cgroups.folders), stopped);
    let tookMs = 0;
    if (end === null) {
      begun = performance.now();
      timer = setTimeout(() => stop({ kind: 'timed out', limitMs: timeoutMs }), timeoutMs);
      barrier.open();
      if (streams === null) sendBody(barrier, request.body);
      end = await Promise.race([exit, stopped]);
      tookMs = performance.now() - begun;
    }
    const graceMs = end.kind === 'stopped' ? 0 : machine.graceMs;
    const { count, survivors } = await endRun({ runId, leader: barrier.leader, cgroups, table, exited: exit }, graceMs);
    await withDeadline(drained, LAST_OUTPUT_MS, undefined);
    // What had to be ended because the hook was is no news.
    const left = end.kind === 'exited' || end.kind === 'signalled' ? count : 0;
    return { end, words: describeRun(end, tookMs, left, survivors) };
  } catch (error) {
    await endRun({ runId, leader: barrier.leader, cgroups, table, exited: exit }, 0);
    throw error;
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    for (const each of outputs) each?.destroy();
    barrier.child.stdin?.destroy();
    tracker.ended(runId);
  }
}

const FLOODED: HookEnd = { kind: 'flooded', bytes: FLOOD_BYTES };

/** Resolves to null once the run is tracked and may begin; to its end if it was stopped before. */
async function untilTracked(tracking: Promise<void>, stopped: Promise<HookEnd>): Promise<HookEnd | null> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error('The process that cleans up after a crash did not answer')),
    START_TIMEOUT_MS,
  );
  try {
    return await Promise.race([tracking.then(() => null), stopped, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads to the end, or until it is too much: then the pipe is closed. */
function collect(stream: Readable, output: HookOutput, onFlood: () => void): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      output.take(chunk);
      if (!output.isFlood) return;
      onFlood();
      stream.destroy();
    });
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
  });
}

/** The event on a socket, where there is no file for it. Who does not read it is left alone. */
function sendBody(barrier: StartBarrier, body: string): void {
  barrier.child.stdin?.on('error', () => {});
  barrier.child.stdin?.end(body);
}
