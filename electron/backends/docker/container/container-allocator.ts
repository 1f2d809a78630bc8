import type { StartFailure, StartProgress } from '../../../../shared/session.ts';
import { orAborted } from '../../../base/abortable.ts';
import type { Logger } from '../../../base/logger.ts';
import { Semaphore } from '../../../base/semaphore.ts';
import type { ContainerTracker } from '../../../processes/tracker.ts';
import type { DockerEngine } from '../client/engine.ts';
import { imageCommand } from '../image/image-command.ts';
import { type AllocationContext, allocate, type ReadyImage, type RunningContainer } from './allocate.ts';
import type { ContainerOwner, ContainerPurpose } from './container-labels.ts';
import type { ContainerRequest } from './container-spec.ts';
import { type ContainerTemplate, containerRequest, templateFolder } from './container-template.ts';
import { DockerProcess } from './docker-process.ts';
import { userForFolder, whyNotWritable } from './folder-owner.ts';
import { type IdentityFolder, identify } from './identify.ts';
import { isMounted, type MountableFolder } from './mount-folder.ts';
import { ABORTED } from './start-failures.ts';

/**
 * How many containers are created at once. An engine does not create many faster together than one after the other; it only
 * gets so busy that it answers no one.
 */
const AT_ONCE = 4;

/** What containers are allocated with. */
export interface AllocatorOptions {
  readonly engine: DockerEngine;
  readonly log: Logger;
  readonly tracker: ContainerTracker;
  readonly owner: ContainerOwner;
  /** The app's own environment, of which profiles may let something in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sandglass's own folders, which no container gets to see. */
  readonly forbiddenFolders: readonly string[];
  /** Makes a folder for files that engines of this machine mount; see `DockerBackendOptions`. */
  readonly makeIdentityFolder?: (() => string) | undefined;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** A container that runs, with its shell or what waits for credentials in it. */
export interface AllocatedContainer {
  readonly process: DockerProcess;
  readonly imageId: string;
  readonly folder: MountableFolder | null;
}

export type AllocationResult =
  | { readonly ok: true; readonly allocated: AllocatedContainer }
  | { readonly ok: false; readonly failure: StartFailure };

/** For whom a container is, and how it begins. */
export interface AllocationRequest {
  readonly purpose: ContainerPurpose;
  readonly size: { readonly cols: number; readonly rows: number };
  readonly onProgress: (progress: StartProgress) => void;
}

/** What an image runs does not matter. */
const NO_COMMAND = { ok: true, command: [] } as const;

const CANCELLED = { ok: false, failure: ABORTED } as const;

/** Makes containers of templates: image, folder and identity first, then the container, then what has come of it. */
export class ContainerAllocator {
  readonly #options: AllocatorOptions;
  readonly #semaphore = new Semaphore(AT_ONCE);
  readonly #identityFolder: IdentityFolder;

  constructor(options: AllocatorOptions) {
    this.#options = options;
    this.#identityFolder = { make: options.makeIdentityFolder ?? null, path: null };
  }

  /** When `signal` aborts first, nothing is left of it. Does not reject for expected failures. */
  async allocate(
    template: ContainerTemplate,
    request: AllocationRequest,
    signal: AbortSignal,
  ): Promise<AllocationResult> {
    const { engine, log, tracker } = this.#options;
    const connected = await orAborted(engine.connect(), signal);
    if (connected === null) return CANCELLED;
    if (!connected.ok) return connected;
    const { client, info } = connected;
    const context: AllocationContext = { engine, client, info, log, tracker };
    const [folder, found] = await Promise.all([
      templateFolder(template, info.endpoint, this.#options),
      engine.image(template.options, request.onProgress, signal),
    ]);
    if (signal.aborted) return CANCELLED;
    if (!folder.ok) return folder;
    if (!found.ok) return found;
    const { image } = found;
    const specified = await this.#specify(context, template, request, { image, folder: folder.folder }, signal);
    if (!specified.ok) return specified;
    const made = await this.#semaphore.run(
      () => allocate(context, specified.request, image, request.onProgress, signal),
      signal,
    );
    if (made === null) return CANCELLED;
    if (!made.ok) return made;
    return this.#accept(context, made.container, specified.request, folder.folder);
  }

  /** What the container is to be, which depends on what its image has. */
  async #specify(
    context: AllocationContext,
    template: ContainerTemplate,
    { purpose, size }: AllocationRequest,
    { image, folder }: { readonly image: ReadyImage; readonly folder: MountableFolder | null },
    signal: AbortSignal,
  ): Promise<
    { readonly ok: true; readonly request: ContainerRequest } | { readonly ok: false; failure: StartFailure }
  > {
    const { owner, environment } = this.#options;
    // A container that waits for credentials has to know what it is to run then.
    const isLeftToImage = template.credentials.length > 0 && template.shell === null;
    const command = isLeftToImage ? await imageCommand(context.client, image.id, template.args, signal) : NO_COMMAND;
    if (!command.ok) return command;
    const user = await userForFolder(template.options, folder, context.info);
    const identifying = identify(
      { ...context, owner },
      { template, user, imageId: image.id, hostEnvironment: environment, folder: this.#identityFolder },
    );
    const identity = await orAborted(identifying, signal);
    if (identity === null) return CANCELLED;
    const made = { user, identity, purpose, imageId: image.id, imageCommand: command.command, folder, ...size };
    return { ok: true, request: containerRequest(template, this.#options, made) };
  }

  /** Checks what only a container that runs shows; one that fails is ended. */
  async #accept(
    { engine, info, log, tracker }: AllocationContext,
    container: RunningContainer,
    { options, imageId }: ContainerRequest,
    folder: MountableFolder | null,
  ): Promise<AllocationResult> {
    const process = new DockerProcess({ container, engine, log, tracker, now: this.#options.now });
    // The folder that was checked has to be the one that the engine has mounted, even if the folders above it change.
    const mounted = container.view?.startFolder() ?? null;
    const failure =
      folder !== null && !(await isMounted(folder, mounted))
        ? FOLDER_REPLACED
        : await whyNotWritable(container.api, { options, folder, info });
    if (failure === null) return { ok: true, allocated: { process, imageId, folder } };
    await process.terminate(0);
    return { ok: false, failure };
  }
}

const FOLDER_REPLACED: StartFailure = {
  stage: 'folder',
  message: 'The folder was replaced by another one while the session started',
  hint: 'Try again when nothing moves the folder.',
};
