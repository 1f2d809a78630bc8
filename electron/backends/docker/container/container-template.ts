import { randomBytes } from 'node:crypto';
import type { ContainerOptions, ProfileOf } from '../../../../shared/profile.ts';
import type { StartSpec } from '../../backend.ts';
import type { ContainerIdentity } from './container-identity.ts';
import type { ContainerOwner, ContainerPurpose } from './container-labels.ts';
import { type ContainerRequest, mountPointObjection } from './container-spec.ts';
import { checkMountFolder, type FolderCheck, type MountableFolder, sharesFolders } from './mount-folder.ts';

/** What a profile asks of a container: the same for a session that starts and for one that is kept ready. */
export interface ContainerTemplate {
  readonly profileId: string;
  readonly shell: string | null;
  readonly args: readonly string[];
  readonly folder: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** The names of its credentials: with any, what it runs waits for them. */
  readonly credentials: readonly string[];
  readonly options: ContainerOptions;
}

/** What this profile asks for. */
export function profileTemplate({ id, container, ...profile }: ProfileOf<'docker'>): ContainerTemplate {
  const credentials = profile.credentials.map(({ env }) => env);
  return templateOf({ ...profile, profileId: id, container, credentials });
}

/** What the profile of this session asks for; null where it is not one of containers. */
export function sessionTemplate({ container, ...spec }: StartSpec): ContainerTemplate | null {
  return container === undefined
    ? null
    : templateOf({ ...spec, container, credentials: spec.credentials?.names ?? [] });
}

function templateOf(from: {
  readonly profileId: string;
  readonly shell?: string | undefined;
  readonly args: readonly string[];
  readonly folder?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly credentials: readonly string[];
  readonly container: ContainerOptions;
}): ContainerTemplate {
  const { profileId, shell = null, args, environment, credentials, container } = from;
  // A folder that is not shown makes no difference.
  const folder = container.folderAccess === 'none' ? null : (from.folder ?? null);
  return { profileId, shell, args, folder, environment, credentials, options: container };
}

/** What the app itself adds to every container. */
export interface Surroundings {
  readonly owner: ContainerOwner;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sandglass's own folders, which no container sees. */
  readonly forbiddenFolders: readonly string[];
}

/** Two templates with the same key give the same container. How many are kept ready is not part of it. */
export function templateKey({ options, ...rest }: ContainerTemplate): string {
  const { pool: _, ...container } = options;
  return JSON.stringify(sorted({ ...rest, container }));
}

/** The same with the names of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}

/** The folder to mount, checked; null where the profile shows none. */
export async function templateFolder(
  { folder, options }: ContainerTemplate,
  endpoint: string,
  { environment, forbiddenFolders }: Pick<Surroundings, 'environment' | 'forbiddenFolders'>,
): Promise<FolderCheck | { readonly ok: true; readonly folder: null }> {
  const { folderAccess: access, mountAt } = options;
  if (access === 'none') return { ok: true, folder: null };
  const failed = (message: string, hint: string): FolderCheck => ({
    ok: false,
    failure: { stage: 'folder', message, hint },
  });
  if (folder === null)
    return failed('The profile shows a folder, but names none', 'Choose a folder in the profile, or no access to one.');
  const objection = mountPointObjection(mountAt, access);
  if (objection !== null) return failed(objection, 'Choose another place for it in the profile, such as /src.');
  if (!sharesFolders(endpoint)) {
    const hint = 'Use an engine of this machine, or a profile without a folder.';
    return failed(`The engine at ${endpoint} runs on another machine and does not see the folder ${folder}`, hint);
  }
  return checkMountFolder(folder, access, { forbidden: forbiddenFolders, environment, endpoint });
}

/** What a container is made from, for this purpose and of this size. */
export function containerRequest(
  template: ContainerTemplate,
  surroundings: Surroundings,
  made: {
    readonly purpose: ContainerPurpose;
    readonly imageId: string;
    readonly folder: MountableFolder | null;
    /** What the image runs by itself, where that has to be known. */
    readonly imageCommand: readonly string[];
    /** As whom it runs, where that is not as the profile says. */
    readonly user: string;
    readonly identity: ContainerIdentity | null;
    readonly cols: number;
    readonly rows: number;
  },
): ContainerRequest {
  const { purpose } = made;
  const { folder: _, credentials, ...rest } = template;
  const command = template.shell === null ? made.imageCommand : [template.shell, ...template.args];
  // A session's start may be tried again under the same id, so the name has a part of its own.
  const label = purpose.role === 'session' ? purpose.sessionId.toLowerCase() : 'ready';
  return {
    ...rest,
    options: { ...rest.options, user: made.user },
    identity: made.identity,
    name: `sandglass-${label}-${randomBytes(4).toString('hex')}`,
    imageId: made.imageId,
    hostEnvironment: surroundings.environment,
    folder: made.folder?.path ?? null,
    cols: made.cols,
    rows: made.rows,
    purpose,
    commandAfterCredentials: credentials.length === 0 ? null : command,
    owner: surroundings.owner,
  };
}
