import type { Duplex } from 'node:stream';
import type { ContainerInfo, Isolation, StartFailure, StartProgress } from '../../../../shared/session.ts';
import type { Logger } from '../../../base/logger.ts';
import { withDeadline } from '../../../base/with-deadline.ts';
import type { ContainerTracker, EngineAddress } from '../../../processes/tracker.ts';
import { attachTerminal, ContainerApi, createContainer } from '../client/container-api.ts';
import type { ContainerEvent, DockerEngine, EngineInfo } from '../client/engine.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { EngineRefusal } from '../client/engine-errors.ts';
import type { Inspection } from '../client/inspection.ts';
import { lacksScriptShell } from './container-credentials.ts';
import { type ContainerRequest, containerSpec } from './container-spec.ts';
import { SCRIPT_SHELL } from './credential-barrier.ts';
import { HostView } from './host-view.ts';
import { type Asked, describeIsolation, hasPlainRuntime, shortfalls } from './isolation.ts';
import {
  ABORTED,
  droppedLimits,
  explainStage,
  missingShell,
  type StageFacts,
  sandboxFailure,
} from './start-failures.ts';

/** How long the removal of what a failed start has made is waited for, in milliseconds; it continues afterwards. */
const CLEANUP_MS = 3_000;
/** A stage that takes longer than this says what it does, in milliseconds. */
const QUIET_MS = 400;
/** How programs end that could not be run: found but not executable, and not found (POSIX, 2.8.2). */
const NOT_RUN = [126, 127];

/** What containers are made with. */
export interface AllocationContext {
  readonly engine: DockerEngine;
  readonly client: EngineClient;
  readonly info: EngineInfo;
  readonly log: Logger;
  readonly tracker: ContainerTracker;
}

/** The image to run, as the engine has it. */
export interface ReadyImage {
  readonly reference: string;
  readonly id: string;
  readonly digest: string | null;
}

/** A container that runs, with its terminal attached and nothing read from it yet. */
export interface RunningContainer {
  readonly api: ContainerApi;
  readonly terminal: Duplex;
  readonly events: EventRelay;
  readonly inspection: Inspection;
  readonly view: HostView | null;
  readonly isolation: Isolation;
  readonly info: ContainerInfo;
  readonly memoryMiB: number | null;
  /** Where its engine is reached. */
  readonly address: EngineAddress;
}

export type Allocation =
  | { readonly ok: true; readonly container: RunningContainer }
  | { readonly ok: false; readonly failure: StartFailure };

/** What happens to a container, kept until there is a listener, so that nothing is missed while it starts. */
export class EventRelay {
  #early: ContainerEvent[] = [];
  #listener: ((event: ContainerEvent) => void) | null = null;
  readonly #unwatch: () => void;

  constructor(engine: DockerEngine, containerId: string) {
    this.#unwatch = engine.watch(containerId, (event) => {
      if (this.#listener === null) this.#early.push(event);
      else this.#listener(event);
    });
  }

  listen(listener: (event: ContainerEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  close(): void {
    this.#unwatch();
  }
}

/** Images that say nothing of what to run: a shell is tried then, and at once the next time. */
const imagesWithoutCommand = new Set<string>();
const ANY_SHELL = ['/bin/sh'];

/**
 * Makes a container, attaches to its terminal, starts it, and compares what it is with what was asked. One that fails, or
 * is given up, is removed again: it is gone when this resolves, unless the engine takes its time.
 */
export async function allocate(
  context: AllocationContext,
  request: ContainerRequest,
  image: ReadyImage,
  onProgress: (progress: StartProgress) => void,
  signal: AbortSignal,
): Promise<Allocation> {
  if (signal.aborted) return { ok: false, failure: ABORTED };
  const { client, engine, info, log, tracker } = context;
  const facts = { image: image.reference, ...factsOf(request) };
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new Aborted());
  aborted.promise.catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });

  let stage: StageFacts['stage'] = 'create';
  const opened: { terminal: Duplex | null } = { terminal: null };
  let events: EventRelay | null = null;
  // Not cut off by an abort: whether there is a container then would be unknown.
  tracker.engine(info.address, request.owner);
  const creating = create(client, request).then((created) => {
    tracker.created(created.id, info.address);
    return created;
  });
  const announce = announcer(onProgress);
  try {
    announce('create', `Creating a container of ${image.reference}`);
    const created = await Promise.race([creating, aborted.promise]);
    const dropped = droppedLimits(created.warnings);
    if (dropped.length > 0) throw new Refused(sandboxFailure(dropped));
    for (const warning of created.warnings) log.warn({ containerId: created.id, warning }, 'The engine warns');

    stage = 'attach';
    const api = new ContainerApi(client, created.id);
    events = new EventRelay(engine, created.id);
    const attaching = attachTerminal(client, created.id).then((attached) => {
      opened.terminal = attached;
      if (signal.aborted) attached.destroy();
      return attached;
    });
    const [attached, hasShell, hasScriptShell] = await Promise.race([
      Promise.all([
        attaching,
        hasShellFile(api, request),
        request.commandAfterCredentials === null || hasShellFile(api, { ...request, shell: SCRIPT_SHELL }),
      ]),
      aborted.promise,
    ]);
    if (!hasScriptShell) throw new Refused(lacksScriptShell(image.reference));
    if (!hasShell && request.shell !== null) throw new Refused(missingShell(request.shell, image.reference));

    stage = 'start';
    announce('start', `Starting a container of ${image.reference}`);
    await Promise.race([api.start(), aborted.promise]);
    const container = await Promise.race([
      verify(context, request, image, { api, terminal: attached, events }),
      aborted.promise,
    ]);
    return { ok: true, container };
  } catch (error) {
    log.debug({ err: error, stage }, 'A container was not started');
    events?.close();
    opened.terminal?.destroy();
    await withDeadline(removeMade(context, creating, request.name), CLEANUP_MS, undefined);
    if (error instanceof Aborted || signal.aborted) return { ok: false, failure: ABORTED };
    if (error instanceof Refused) return { ok: false, failure: error.failure };
    return { ok: false, failure: explainStage(error, { ...facts, stage }) };
  } finally {
    announce(null, '');
    signal.removeEventListener('abort', abort);
  }
}

/** Images and shells in them that have been seen: what an image has does not change. */
const knownShells = new Set<string>();

function shellKey(imageId: string, shell: string): string {
  return `${imageId} ${shell}`;
}

/**
 * Whether the container has the shell that the profile names. Its init would start without it, and end with a status that
 * shells use too. A bare name is left to the init, which knows the container's `PATH`.
 */
async function hasShellFile(api: ContainerApi, { imageId, shell }: ContainerRequest): Promise<boolean> {
  if (shell === null || !shell.startsWith('/')) return true;
  const key = shellKey(imageId, shell);
  if (knownShells.has(key)) return true;
  // Not knowing is no reason not to try.
  const has = await api.hasFile(shell).catch(() => null);
  if (has === true) knownShells.add(key);
  return has !== false;
}

/** The start was cancelled. */
class Aborted extends Error {}

/** A stage that knows why the start cannot continue. */
class Refused extends Error {
  readonly failure: StartFailure;

  constructor(failure: StartFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function factsOf({ options, shell, folder }: ContainerRequest): Omit<StageFacts, 'stage' | 'image'> {
  return { user: options.user, network: options.network, runtime: options.runtime, shell, folder };
}

async function create(
  client: EngineClient,
  request: ContainerRequest,
): Promise<{ id: string; warnings: readonly string[] }> {
  const spec = containerSpec(request);
  const mayLack = spec.Entrypoint === undefined && spec.Cmd === undefined;
  if (mayLack && imagesWithoutCommand.has(request.imageId)) return createContainer(client, { ...spec, Cmd: ANY_SHELL });
  try {
    return await createContainer(client, spec);
  } catch (error) {
    const lacks = error instanceof EngineRefusal && /no command|no CMD|no entrypoint/i.test(error.reason);
    if (!mayLack || !lacks) throw error;
    imagesWithoutCommand.add(request.imageId);
    return createContainer(client, { ...spec, Cmd: ANY_SHELL });
  }
}

/** What was started: the engine's word and the kernel's, compared with what was asked. */
async function verify(
  { info, log }: AllocationContext,
  request: ContainerRequest,
  image: ReadyImage,
  { api, terminal, events }: Pick<RunningContainer, 'api' | 'terminal' | 'events'>,
): Promise<RunningContainer> {
  // Engines before Docker 23 do not take the size before the start.
  const resizing = api.resize(request.cols, request.rows).catch((error: unknown) => {
    log.debug({ containerId: api.id, err: error }, 'The terminal was not resized');
  });
  const [inspection] = await Promise.all([api.inspect(), resizing]);
  const { State: state, HostConfig: host } = inspection;
  const pid = state.Running ? (state.Pid ?? 0) : 0;
  const view = info.local && hasPlainRuntime(inspection) ? HostView.of(pid, api.id) : null;
  const found = { inspection, kernel: view?.isolation() ?? null, securityOptions: info.securityOptions };
  const asked: Asked = { options: request.options, folder: request.folder, identity: request.identity };
  const missing = shortfalls(asked, found);
  if (missing.length > 0) throw new Refused(sandboxFailure(missing));
  // A shell that is known to be there has run, and says itself what it did not like.
  const mayLackShell = request.shell !== null && !knownShells.has(shellKey(request.imageId, request.shell));
  if (!state.Running && NOT_RUN.includes(state.ExitCode ?? 0) && request.shell !== null && mayLackShell)
    throw new Refused(missingShell(request.shell, image.reference));
  const { memoryMiB } = request.options.resources;
  return {
    api,
    terminal,
    events,
    inspection,
    view,
    isolation: describeIsolation(found),
    memoryMiB: (host.Memory ?? 0) > 0 ? memoryMiB : null,
    address: info.address,
    info: {
      id: api.id,
      name: (inspection.Name ?? request.name).replace(/^\//, ''),
      image: image.reference,
      imageId: image.id,
      digest: image.digest,
      engine: info.name,
      pooled: request.purpose.role === 'pool',
    },
  };
}

/** Removes the container once it is known whether there is one. An engine that did not answer is asked by its name. */
async function removeMade(
  { engine }: AllocationContext,
  creating: Promise<{ id: string }>,
  name: string,
): Promise<void> {
  const id = await creating.then(
    (created) => created.id,
    (error: unknown) => (error instanceof EngineRefusal ? null : name),
  );
  if (id === null) return;
  await engine.remove(id);
}

/** Reports what is being done once it has taken a while; null: nothing any more. */
function announcer(
  onProgress: (progress: StartProgress) => void,
): (stage: 'create' | 'start' | null, message: string) => void {
  let timer: NodeJS.Timeout | null = null;
  return (stage, message) => {
    if (timer !== null) clearTimeout(timer);
    timer =
      stage === null ? null : setTimeout(() => onProgress({ stage, message, detail: '', fraction: null }), QUIET_MS);
  };
}
