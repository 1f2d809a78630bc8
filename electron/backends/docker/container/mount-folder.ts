import { constants } from 'node:fs';
import { access as mayAccess, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { FolderAccess } from '../../../../shared/profile.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import { type CheckedFolder, checkSandboxFolder, parentsState } from '../../sandbox-folder.ts';

/** A folder that may be mounted: its real path, and which folder it is, so that another one in its place is noticed. */
export interface MountableFolder extends CheckedFolder {
  /** The state of the folders above it, before it was mounted. */
  readonly parents: string;
}

export type FolderCheck =
  | { readonly ok: true; readonly folder: MountableFolder }
  | { readonly ok: false; readonly failure: StartFailure };

/** What a folder is judged by. */
export interface FolderRules {
  /** Sandglass's own folders. */
  readonly forbidden: readonly string[];
  /** The app's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the engine in use listens, as `DOCKER_HOST` would name it. */
  readonly endpoint: string;
}

/**
 * Follows the folder's symbolic links and says whether what is there may be mounted. It is never made if it is missing:
 * the engine would make it as root.
 */
export async function checkMountFolder(
  folder: string,
  access: Exclude<FolderAccess, 'none'>,
  { forbidden, environment, endpoint }: FolderRules,
): Promise<FolderCheck> {
  const checked = await checkSandboxFolder(folder, {
    home: homedir(),
    forbidden,
    // The engine may have been found by a context; its socket is as dear as one that the environment names.
    environment: { ...environment, DOCKER_HOST: environment.DOCKER_HOST || endpoint },
  });
  if (!checked.ok) return checked;
  const { path } = checked;
  const failed = (message: string): FolderCheck => {
    const hint = 'Choose an existing folder of your own in the profile.';
    return { ok: false, failure: { stage: 'folder', message, hint } };
  };
  const needed = constants.R_OK | constants.X_OK | (access === 'read-write' ? constants.W_OK : 0);
  const mayUse = await mayAccess(path, needed).then(
    () => true,
    () => false,
  );
  // The engine may well be allowed more than the user is; a sandbox is not the way to get at that.
  if (!mayUse) return failed(`The folder ${path} may not be ${access === 'read-write' ? 'written' : 'opened'} by you`);
  const { device, inode } = checked;
  return { ok: true, folder: { path, device, inode, parents: await parentsState(path, homedir()) } };
}

/** Whether the same folder is still at that path, reached through no symbolic link. */
export async function isStillThere(folder: MountableFolder): Promise<boolean> {
  const [path, found] = await Promise.all([
    realpath(folder.path).catch(() => null),
    stat(folder.path).catch(() => null),
  ]);
  return path === folder.path && found?.dev === folder.device && found.ino === folder.inode;
}

/**
 * Whether the engine mounted this very folder: another could have been put in its place while it did, and then taken
 * that away again.
 *
 * @param found what is mounted; null where it cannot be seen, because the container has ended or is another user's. Then
 *   nothing may have been changed in the folders above.
 */
export async function isMounted(
  folder: MountableFolder,
  found: Pick<MountableFolder, 'device' | 'inode'> | null,
): Promise<boolean> {
  if (!(await isStillThere(folder))) return false;
  if (found !== null) return found.device === folder.device && found.inode === folder.inode;
  return (await parentsState(folder.path, homedir())) === folder.parents;
}

/** Whether paths of this machine mean something to the engine: it runs here, if only in a virtual machine. */
export function sharesFolders(endpoint: string): boolean {
  if (/^(unix|npipe):/.test(endpoint)) return true;
  const host = /^tcp:\/\/(\[[^\]]*\]|[^:/]*)/.exec(endpoint)?.[1] ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
