import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Checked } from './shell.ts';

/** What decides which folders a sandbox may be shown. */
export interface SandboxFolderRules {
  /** The user's home folder. */
  readonly home: string;
  /** Folders of the app's own: neither they, nor what is in them, nor what holds them may be chosen. */
  readonly forbidden: readonly string[];
  /** The app's environment, for the sockets of agents and engines that it names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

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

/** Sockets that give whoever reaches them the machine. */
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
 * @returns its real path, with all links followed, or the failure to show.
 */
export async function checkSandboxFolder(requested: string, rules: SandboxFolderRules): Promise<Checked> {
  if (requested.includes('\0')) return refuse('The folder’s name contains a character that no file name can have');
  if (!isAbsolute(requested)) return refuse(`The folder ${requested} is not a full path`);
  const path = await realpath(requested).catch(() => null);
  if (path === null) return refuse(`The folder ${requested} does not exist`);
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isDirectory()) return refuse(`${requested} is not a folder`);

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
  return checkEntries(path);
}

async function checkEntries(path: string): Promise<Checked> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return refuse(`The folder ${path} may not be opened by you`);
  const telltale = entries.find((entry) => TELLTALES.includes(entry.name) && !entry.isFile());
  if (telltale !== undefined) return refuse(`${path} holds credentials (${telltale.name})`);
  const socket = entries.find((entry) => entry.isSocket() && ENGINE_SOCKETS.includes(entry.name));
  return socket === undefined
    ? { ok: true, path }
    : refuse(`${path} holds a container engine’s socket (${socket.name})`);
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

function refuse(message: string): Checked {
  const hint = 'Choose one project’s own folder in the profile.';
  return { ok: false, failure: { stage: 'folder', message, hint } };
}
