import { stat } from 'node:fs/promises';
import { type ContainerOptions, DEFAULT_CONTAINER } from '../../../../shared/profile.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import type { ContainerApi } from '../client/container-api.ts';
import type { EngineInfo } from '../client/engine.ts';
import { SCRIPT_SHELL } from './credential-barrier.ts';
import type { MountableFolder } from './mount-folder.ts';

/** How long a container may take to say whether it can write, in milliseconds. */
const PROBE_MS = 20_000;

/** A user and a group by their numbers. */
interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Whether numbers of users mean the same in a container as on this machine. */
function sharesUsers(info: EngineInfo): boolean {
  return info.local && !info.rootless && !info.securityOptions.some((option) => /^userns\b|rootless/.test(option));
}

/**
 * As whom a container runs. A profile that leaves the user at its default and shows a folder read-write gets one who may write
 * there: the user of the app, or where that is root, the folder's owner. Never root.
 */
export async function userForFolder(
  options: ContainerOptions,
  folder: MountableFolder | null,
  info: EngineInfo,
  app: Account | null = thisUser(),
): Promise<string> {
  const { user } = options;
  const isDefault = user === DEFAULT_CONTAINER.user;
  if (folder === null || options.folderAccess !== 'read-write' || !isDefault || !sharesUsers(info) || app === null)
    return user;
  const found = await stat(folder.path).catch(() => null);
  const account = accountOf(user);
  if (found === null || account === null || mayWrite(found, account)) return user;
  // Where the group may write, it is by the group that the app may.
  const group = (found.mode & 0o030) === 0o030 ? found.gid : null;
  const chosen =
    app.uid === 0
      ? { uid: found.uid, gid: found.gid === 0 ? found.uid : found.gid }
      : { uid: app.uid, gid: found.uid === app.uid || group === null ? app.gid : group };
  return chosen.uid === 0 || chosen.gid === 0 || !mayWrite(found, chosen) ? user : `${chosen.uid}:${chosen.gid}`;
}

/**
 * Why the user of a container cannot write to the folder that its badge would call read-write; null where that is possible, or
 * cannot be found out.
 */
export async function whyNotWritable(
  api: Pick<ContainerApi, 'execute'>,
  { options, folder, info }: { options: ContainerOptions; folder: MountableFolder | null; info: EngineInfo },
): Promise<StartFailure | null> {
  if (folder === null || options.folderAccess !== 'read-write') return null;
  const account = accountOf(options.user);
  const found = await stat(folder.path).catch(() => null);
  const isKnown = sharesUsers(info) && account !== null && found !== null;
  if (isKnown && mayWrite(found, account)) return null;
  // Access control lists, user namespaces and virtual machines: only the container knows.
  const answer = await askContainer(api, options.mountAt);
  if (answer === true || (answer === null && !isKnown)) return null;
  const owner = found === null ? '' : `, which belongs to uid ${found.uid}`;
  const hint = info.rootless
    ? 'With a rootless engine, your files belong to root in a container: set the profile’s user to 0:0, which is you, or choose read-only access.'
    : 'Change the owner or the permissions of the folder, set the profile’s user to one who may write there, or choose read-only access.';
  return {
    stage: 'folder',
    message: `The container’s user (${options.user || 'the image’s'}) cannot write to ${folder.path}${owner}`,
    hint,
  };
}

/** Whether it can write there; null where it has no shell to ask with, or has ended. */
async function askContainer(api: Pick<ContainerApi, 'execute'>, mountAt: string): Promise<boolean | null> {
  try {
    const command = [SCRIPT_SHELL, '-c', '[ -w "$0" ] && [ -x "$0" ]', mountAt];
    const { exitCode } = await api.execute(command, new Uint8Array(0), PROBE_MS);
    return exitCode === 0 ? true : exitCode === 1 ? false : null;
  } catch {
    return null;
  }
}

function accountOf(user: string): Account | null {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid ?? 0) };
}

/** By the permission bits alone. A container's root has no capability to pass over them. */
function mayWrite({ mode, uid, gid }: { mode: number; uid: number; gid: number }, account: Account): boolean {
  if (account.uid === uid) return (mode & 0o300) === 0o300;
  if (account.gid === gid) return (mode & 0o030) === 0o030;
  return (mode & 0o003) === 0o003;
}

function thisUser(): Account | null {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid === undefined || gid === undefined ? null : { uid, gid };
}
