import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { StartFailure } from '../../shared/session.ts';

/** What decides which folders a sandbox may be shown. */
export interface SandboxFolderRules {
  /** The user's home folder. */
  readonly home: string;
  /** Folders of the app's own: neither they, nor what is in them, nor what holds them may be chosen. */
  readonly forbidden: readonly string[];
  /** The app's environment, for the sockets of agents and engines that it names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A folder with all links followed, and which one it is, whatever its path leads to later. */
export interface CheckedFolder {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

export type FolderChecked =
  | ({ readonly ok: true } & CheckedFolder)
  | { readonly ok: false; readonly failure: StartFailure };

/** Folders of the system: neither they nor anything in them. */
const SYSTEM = [
  ...['/bin', '/boot', '/dev', '/etc', '/gnu', '/lib', '/lib32', '/lib64', '/libx32', '/lost+found', '/nix', '/proc'],
  ...['/run', '/sbin', '/snap', '/sys', '/usr', '/var/cache', '/var/lib', '/var/log', '/var/run', '/var/spool'],
  ...['/Applications', '/Library', '/System', '/private/etc', '/private/var/db', '/private/var/run'],
];

/** Folders that hold what belongs to many: not as a whole, but what is in them. */
const SHARED = [
  ...['/', '/home', '/media', '/mnt', '/opt', '/root', '/tmp', '/var', '/var/tmp'],
  ...['/Users', '/Volumes', '/private', '/private/tmp', '/private/var'],
];

/** Folders in the home folder that hold keys, tokens or passwords: neither they nor anything in them. */
const CREDENTIALS = [
  ...['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.password-store', '.pki', '.mozilla', '.thunderbird'],
  ...['.config/gcloud', '.config/gh', '.config/chromium', '.config/google-chrome', '.config/op', '.config/rclone'],
  ...['.local/share/keyrings', '.local/share/kwalletd', 'Library/Keychains', 'Library/Application Support'],
];

/** Folders in the home folder where container engines have their sockets: with one, a sandbox has the machine. */
const ENGINE_HOMES = ['.docker', '.colima', '.rd', '.lima', '.orbstack', '.podman', '.local/share/containers'];

/** Folders in the home folder that hold all applications' settings and data: not as a whole. */
const SETTINGS = ['.config', '.local', '.local/share', '.var', 'Library', 'AppData'];

/** Names that give away a home folder, or a copy of one, wherever it is. */
const TELLTALES = ['.ssh', '.gnupg', '.aws', '.password-store'];

/** Sockets that give any program that reaches them the machine. */
const ENGINE_SOCKETS = ['docker.sock', 'podman.sock', 'containerd.sock', 'buildkitd.sock', 'crio.sock'];

/** Variables that name sockets of agents, engines and buses. */
const SOCKET_VARIABLES = [
  'DOCKER_HOST',
  'CONTAINER_HOST',
  'SSH_AUTH_SOCK',
  'GPG_AGENT_INFO',
  'DBUS_SESSION_BUS_ADDRESS',
];

/**
 * Whether a folder may be shown to a sandbox, read-only or read-write. Refused are the system's folders, those that belong
 * to many, whole home folders, folders with credentials, and whatever holds a container engine's or an agent's socket.
 *
 * It may be replaced meanwhile, such as by a program in another sandbox that may write to the folder above. So what
 * is judged is one folder that is held open, and what is given is that one: the caller has to make sure that it shows the same one.
 *
 * @returns the folder, or the failure to show.
 */
export async function checkSandboxFolder(requested: string, rules: SandboxFolderRules): Promise<FolderChecked> {
  if (requested.includes('\0')) return refuse('The folder’s name contains a character that no file name can have');
  if (!isAbsolute(requested)) return refuse(`The folder ${requested} is not a full path`);
  if (process.platform !== 'linux') return judgeByPath(requested, rules);
  let handle: FileHandle;
  try {
    handle = await open(requested, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOTDIR') return refuse(`${requested} is not a folder`);
    if (code === 'EACCES') return refuse(`The folder ${requested} may not be opened by you`);
    return refuse(`The folder ${requested} does not exist`);
  }
  try {
    const held = `/proc/self/fd/${handle.fd}`;
    const path = await readlink(held);
    const { dev, ino } = await handle.stat();
    // One that has been removed, or lies outside of what this process sees, has a path that leads nowhere.
    if ((await realpath(path).catch(() => null)) !== path) return refuse(`The folder ${requested} does not exist`);
    return await judge({ path, device: dev, inode: ino }, held, rules);
  } finally {
    await handle.close();
  }
}

/** Where a folder that is held open cannot be asked for its path. */
async function judgeByPath(requested: string, rules: SandboxFolderRules): Promise<FolderChecked> {
  const path = await realpath(requested).catch(() => null);
  if (path === null) return refuse(`The folder ${requested} does not exist`);
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isDirectory()) return refuse(`${requested} is not a folder`);
  return judge({ path, device: found.dev, inode: found.ino }, path, rules);
}

/** @param entries where the folder's entries are read */
async function judge(folder: CheckedFolder, entries: string, rules: SandboxFolderRules): Promise<FolderChecked> {
  const { path } = folder;
  const home = await real(rules.home);
  const system = SYSTEM.find((folder) => isWithin(path, folder));
  if (system !== undefined) return refuse(`${path} belongs to the system (${system})`);
  if (SHARED.includes(path)) return refuse(`${path} holds more than one project’s files`);
  if (isWithin(home, path)) return refuse(`${path} holds your whole home folder, with keys and passwords`);
  if (SETTINGS.some((name) => path === join(home, name))) {
    return refuse(`${path} holds the settings and data of all applications`);
  }
  const credentials = CREDENTIALS.map((name) => join(home, name)).find(
    (folder) => isWithin(path, folder) || isWithin(folder, path),
  );
  if (credentials !== undefined) return refuse(`${path} is a place for credentials (${credentials})`);
  const engine = ENGINE_HOMES.map((name) => join(home, name)).find(
    (folder) => isWithin(path, folder) || isWithin(folder, path),
  );
  if (engine !== undefined) return refuse(`${path} is a place for a container engine’s sockets (${engine})`);
  for (const own of rules.forbidden) {
    const folder = await real(own);
    if (isWithin(path, folder) || isWithin(folder, path)) return refuse(`${path} holds files of Sandglass itself`);
  }
  for (const socket of namedSockets(rules.environment)) {
    if (isWithin(await real(socket), path)) return refuse(`${path} holds the socket ${socket}`);
  }
  return checkEntries(folder, entries);
}

async function checkEntries(folder: CheckedFolder, where: string): Promise<FolderChecked> {
  const { path } = folder;
  const entries = await readdir(where, { withFileTypes: true }).catch(() => null);
  if (entries === null) return refuse(`The folder ${path} may not be opened by you`);
  const telltale = entries.find((entry) => TELLTALES.includes(entry.name) && !entry.isFile());
  if (telltale !== undefined) return refuse(`${path} holds credentials (${telltale.name})`);
  const socket = entries.find((entry) => entry.isSocket() && ENGINE_SOCKETS.includes(entry.name));
  return socket === undefined
    ? { ok: true, ...folder }
    : refuse(`${path} holds a container engine’s socket (${socket.name})`);
}

/**
 * The folders above a folder that another sandbox may have been shown, and so may change: which they are, and when their
 * entries were changed last. Where this stays the same, no sandbox has put another folder in its place, not for a moment.
 */
export async function parentsState(path: string, home: string): Promise<string> {
  const states: string[] = [];
  const realHome = await real(home);
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if (SHARED.includes(at) || isWithin(realHome, at)) continue;
    const found = await lstat(at, { bigint: true }).catch(() => null);
    states.push(found === null ? `${at} is gone` : `${at} ${found.dev} ${found.ino} ${found.ctimeNs}`);
  }
  return states.join('\n');
}

/** The paths of Unix sockets in `unix:///run/x`, `unix:path=/run/x,guid=…` and plain paths. */
function namedSockets(environment: SandboxFolderRules['environment']): string[] {
  return SOCKET_VARIABLES.flatMap((name) => {
    const path = /^(?:unix:(?:\/\/|path=))?(\/[^,;:]*)/.exec(environment[name] ?? '')?.[1];
    return path === undefined ? [] : [path];
  });
}

/** Whether `path` is `folder` or lies in it. */
function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** With all links followed; as it is when it does not exist. */
async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

function refuse(message: string): FolderChecked {
  const hint = 'Choose one project’s own folder in the profile.';
  return { ok: false, failure: { stage: 'folder', message, hint } };
}
