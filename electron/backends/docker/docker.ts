import type { ContainerOptions, Profile, ProfileOf } from '../../../shared/profile.ts';
import type { StartFailure } from '../../../shared/session.ts';
import type { Logger } from '../../base/logger.ts';
import { Semaphore } from '../../base/semaphore.ts';
import type { ProcessTable } from '../../processes/process-table.ts';
import { type ContainerTracker, noTracker } from '../../processes/tracker.ts';
import type { Backend, BackendListener, ReattachSpec, StartResult, StartSpec } from '../backend.ts';
import { terminalSize } from '../pty/terminal-size.ts';
import type { DockerEngine } from './client/engine.ts';
import { allocate, type Workshop } from './container/allocate.ts';
import type { ContainerOwner, ContainerPurpose } from './container/container-labels.ts';
import { containerRequest, type Recipe, recipeFolder } from './container/container-template.ts';
import { DockerProcess } from './container/docker-process.ts';
import { userForFolder, whyNotWritable } from './container/folder-owner.ts';
import { type IdentityFolder, identify } from './container/identify.ts';
import { isMounted } from './container/mount-folder.ts';
import { ABORTED } from './container/start-failures.ts';
import { sweepOrphans } from './fleet/orphans.ts';
import { type Made, Pool } from './fleet/pool.ts';
import { connectPatiently, reattach } from './fleet/reattach.ts';
import { survivalOf } from './fleet/survival.ts';
import { imageCommand } from './image/docker-config.ts';

/** What the docker backend takes from outside. It closes the engine with itself. */
export interface DockerBackendOptions {
  readonly engine: DockerEngine;
  readonly log: Logger;
  /** The app's own environment, of which profiles may let something in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly owner: ContainerOwner;
  /** Sandglass's own folders, which no container gets to see. */
  readonly forbiddenFolders: readonly string[];
  /** Where owners of other containers are looked up. */
  readonly processes: Pick<ProcessTable, 'find'>;
  readonly tracker?: ContainerTracker;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly wall?: () => number;
  /** Makes a folder, for the app alone, for files that engines of this machine mount; called once. Without it, there are none. */
  readonly makeIdentityFolder?: () => string;
  /** How long a container may be kept ready, in milliseconds. */
  readonly poolMaxAgeMs?: number;
}

/**
 * How many containers are made at once. An engine does not make many faster together than one after the other; it only
 * gets so busy that it answers nobody.
 */
const AT_ONCE = 4;
/** The size of a terminal that nobody has yet. */
const POOL_SIZE = { cols: 80, rows: 24 } as const;

/** What an image runs does not matter. */
const NO_COMMAND = { ok: true, command: [] } as const;

const FOLDER_MOVED: StartFailure = {
  stage: 'folder',
  message: 'The folder was replaced by another while the session started',
  hint: 'Try again once nobody moves it any more.',
};

/** Runs each session's shell in a container of its own. */
export function createDockerBackend(options: DockerBackendOptions): Backend {
  const { engine, log, owner } = options;
  const tracker = options.tracker ?? noTracker;
  const now = options.now ?? (() => performance.now());
  const wall = options.wall ?? Date.now;
  const running = new Set<DockerProcess>();
  const semaphore = new Semaphore(AT_ONCE);
  const identityFolder: IdentityFolder = { make: options.makeIdentityFolder ?? null, path: null };
  let sweeping: Promise<unknown> | null = null;
  /** Whether it was looked for leftovers since the engine could last be reached. */
  let isSwept = false;
  /** Whether it was decided which sessions of apps that are gone go on. */
  let isDecided = false;
  /** Containers that are being taken over. */
  const reattaching = new Set<string>();
  const offLost = engine.onLost(() => {
    isSwept = false;
  });
  engine.onRemoved((containerId) => tracker.removed(containerId));

  const make = async (
    recipe: Recipe,
    purpose: ContainerPurpose,
    size: { readonly cols: number; readonly rows: number },
    listener: Pick<BackendListener, 'onProgress'>,
    signal: AbortSignal,
  ): Promise<Made> => {
    const connected = await orAborted(engine.connect(), signal);
    if (connected === null) return { ok: false, failure: ABORTED };
    if (!connected.ok) return connected;
    const { client, info } = connected;
    const onProgress: NonNullable<BackendListener['onProgress']> = (progress) => listener.onProgress?.(progress);
    const [folder, found] = await Promise.all([
      recipeFolder(recipe, info.endpoint, options),
      engine.image(recipe.options, onProgress, signal),
    ]);
    if (signal.aborted) return { ok: false, failure: ABORTED };
    if (!folder.ok) return folder;
    if (!found.ok) return found;
    const { image } = found;
    const workshop: Workshop = { engine, client, info, log, tracker };
    // What waits for credentials has to know what it is to run then.
    const isLeftToImage = recipe.credentials.length > 0 && recipe.shell === null;
    const own = isLeftToImage ? await imageCommand(client, image.id, recipe.args, signal) : NO_COMMAND;
    if (!own.ok) return own;
    const user = await userForFolder(recipe.options, folder.folder, info);
    const identity = await orAborted(
      identify(
        { ...workshop, owner },
        { recipe, user, imageId: image.id, hostEnvironment: options.environment, folder: identityFolder },
      ),
      signal,
    );
    if (identity === null) return { ok: false, failure: ABORTED };
    const request = containerRequest(recipe, options, {
      user,
      identity,
      purpose,
      imageId: image.id,
      imageCommand: own.command,
      folder: folder.folder,
      ...size,
    });
    const made = await semaphore.run(() => allocate(workshop, request, image, onProgress, signal), signal);
    if (made === null) return { ok: false, failure: ABORTED };
    if (!made.ok) return made;
    const process = new DockerProcess({ container: made.container, engine, log, tracker, now });
    // What was looked at has to be what the engine has mounted, also when somebody works on the folder's parents.
    const mounted = made.container.view?.startFolder() ?? null;
    if (folder.folder !== null && !(await isMounted(folder.folder, mounted))) {
      await process.terminate(0);
      return { ok: false, failure: FOLDER_MOVED };
    }
    const notWritable = await whyNotWritable(made.container.api, {
      options: request.options,
      folder: folder.folder,
      info,
    });
    if (notWritable !== null) {
      await process.terminate(0);
      return { ok: false, failure: notWritable };
    }
    return { ok: true, ready: { process, imageId: image.id, folder: folder.folder } };
  };

  const pool = new Pool({
    engine,
    log,
    now,
    make: (recipe, pull, signal) =>
      make({ ...recipe, options: { ...recipe.options, pull } }, { role: 'pool' }, POOL_SIZE, {}, signal),
    ...(options.poolMaxAgeMs === undefined ? {} : { maxAgeMs: options.poolMaxAgeMs }),
  });

  const start = async (spec: StartSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> => {
    const recipe = recipeOf(spec);
    if (recipe === null) throw new TypeError('a session of the docker backend needs a container to set up');
    if (signal.aborted) return { ok: false, failure: ABORTED };
    const size = terminalSize(spec);
    let process = await pool.take(recipe);
    if (process === null) {
      const { sessionId, endsAt, longestIdleSeconds = null } = spec;
      const purpose = { role: 'session', sessionId, endsAt, longestIdleSeconds } as const;
      const made = await make(recipe, purpose, size, listener, signal);
      if (!made.ok) return made;
      process = made.ready.process;
      pool.noteImage(recipe.options.image, made.ready.imageId);
    } else process.resize(size.cols, size.rows);
    const started = process;
    enlist(started);
    if (signal.aborted) {
      await started.terminate(0);
      return { ok: false, failure: ABORTED };
    }
    const lacking = await giveCredentials(started, spec, signal);
    if (lacking !== null) {
      await started.terminate(0);
      return { ok: false, failure: lacking };
    }
    if (recipe.options.survive) started.survive(survivalOf(spec, wall()));
    started.handOver(listener);
    if (!isSwept) void sweep();
    return { ok: true, process: started };
  };

  const enlist = (process: DockerProcess): void => {
    running.add(process);
    void process.gone.then(() => running.delete(process));
  };

  const takeOver = async (spec: ReattachSpec, listener: BackendListener, signal: AbortSignal): Promise<StartResult> => {
    if (signal.aborted) return { ok: false, failure: ABORTED };
    const connected = await orAborted(connectPatiently(engine), signal);
    if (connected === null) return { ok: false, failure: ABORTED };
    if (!connected.ok) {
      // As soon as it is back.
      if (spec.container !== null) void engine.remove(spec.container.id);
      return connected;
    }
    const { client, info } = connected;
    const found = new Set<string>();
    const onFound = (id: string): void => {
      found.add(id);
      reattaching.add(id);
    };
    const takeover = { engine, client, info, log, tracker, owner, processes: options.processes, now, wall, onFound };
    try {
      const result = await reattach(spec, takeover);
      if (!result.ok) return result;
      const { process } = result;
      enlist(process);
      if (signal.aborted) {
        await process.terminate(0);
        return { ok: false, failure: ABORTED };
      }
      process.handOver(listener);
      return { ok: true, process };
    } finally {
      for (const id of found) reattaching.delete(id);
    }
  };

  const sweep = async (): Promise<void> => {
    // An engine that is not there is not looked for again only to sweep it.
    if (engine.status.state !== 'available') return;
    isSwept = true;
    const onError = (error: unknown): void =>
      log.warn({ err: error }, 'What earlier apps have left could not be looked for');
    const facts = {
      engine,
      self: owner,
      knows,
      processes: options.processes,
      wall,
      sparesSurvivors: !isDecided,
      onError,
    };
    sweeping ??= Promise.all([
      sweepOrphans(facts).then((gone) => {
        if (gone.length > 0) log.info({ containers: gone }, 'Containers that nobody needed were removed');
      }),
      pool.tend(),
    ])
      .catch(onError)
      .finally(() => {
        sweeping = null;
      });
    await sweeping;
  };

  const knows = (containerId: string): boolean =>
    pool.holds(containerId) ||
    reattaching.has(containerId) ||
    [...running].some((process) => process.container.id === containerId);

  return {
    kind: 'docker',
    start,
    reattach: takeOver,
    killAllNow() {
      for (const process of running) process.killNow();
      pool.killNow();
    },
    get status() {
      return engine.status;
    },
    onStatus: (listener) => engine.onStatus(listener),
    check: () => engine.check(),
    keepReady(profiles) {
      pool.keep(
        profiles.filter(isDocker).map((profile) => ({ recipe: profileRecipe(profile), count: profile.container.pool })),
      );
    },
    sweep,
    recovered() {
      isDecided = true;
      // One that is under way spares what nobody needs any more.
      void Promise.resolve(sweeping).then(sweep);
    },
    async close() {
      offLost();
      await pool.close();
      engine.close();
    },
  };
}

function isDocker(profile: Profile): profile is ProfileOf<'docker'> {
  return profile.backend === 'docker';
}

function profileRecipe({ id, container, ...profile }: ProfileOf<'docker'>): Recipe {
  return recipe({ ...profile, profileId: id, container, credentials: profile.credentials.map(({ env }) => env) });
}

function recipeOf({ container, ...spec }: StartSpec): Recipe | null {
  return container === undefined ? null : recipe({ ...spec, container, credentials: spec.credentials?.names ?? [] });
}

function recipe(from: {
  readonly profileId: string;
  readonly shell?: string | undefined;
  readonly args: readonly string[];
  readonly folder?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly credentials: readonly string[];
  readonly container: ContainerOptions;
}): Recipe {
  const { profileId, shell = null, args, environment, credentials, container } = from;
  // A folder that is not shown makes no difference.
  const folder = container.folderAccess === 'none' ? null : (from.folder ?? null);
  return { profileId, shell, args, folder, environment, credentials, options: container };
}

/** Gives a container its credentials, if it waits for some. @returns why its shell does not begin. */
async function giveCredentials(
  process: DockerProcess,
  { credentials }: StartSpec,
  signal: AbortSignal,
): Promise<StartFailure | null> {
  if (credentials === undefined || credentials.names.length === 0) return null;
  const why = await process.begin(credentials.take());
  if (signal.aborted) return ABORTED;
  if (why === null) return null;
  const hint = 'Try again, or use an image with a usual shell.';
  return { stage: 'credentials', message: `The credentials could not be put into the container. ${why}`, hint };
}

/** The value, or null when `signal` aborts first. */
async function orAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const aborted = Promise.withResolvers<null>();
  const abort = (): void => aborted.resolve(null);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
