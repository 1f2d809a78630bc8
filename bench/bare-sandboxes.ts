import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { bwrapArgs } from '../electron/backends/bubblewrap/bwrap-args.ts';
import { sandboxUser } from '../electron/backends/bubblewrap/sandbox-user.ts';
import { readSystemView } from '../electron/backends/bubblewrap/system-view.ts';
import { DEFAULT_BUBBLEWRAP } from '../shared/profile.ts';
import { PROMPT } from './prompt-watch.ts';

const run = promisify(execFile);

/** The image that containers are measured with: one with a bash. */
export const IMAGE = process.env.SANDGLASS_TEST_IMAGE ?? 'debian:bookworm-slim';
/** Where a measured container shows the folder of samples. */
export const MOUNT = '/src';

/** How many words a copied file takes on the command line. */
const FILE_OPTIONS = 5;
/** Stands for descriptors that are not there. */
const NO_FILE = -1;

/** A command line. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The system's folders as a sandbox has to show them: `/bin` is a link on most systems, a folder on some. */
function systemFolders(): string[] {
  return ['/bin', '/sbin', '/lib', '/lib32', '/lib64'].flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
}

/** `bwrap` by hand, with the namespaces and folders that a careful person would write. */
export function bareBubblewrap(command: readonly string[], folder: string): Command {
  const args = [
    ...['--unshare-all', '--die-with-parent', '--hostname', 'sandbox', '--cap-drop', 'ALL'],
    ...['--ro-bind', '/usr', '/usr', ...systemFolders(), '--ro-bind', '/etc', '/etc'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/var/tmp', '--tmpfs', '/home', '--bind', folder, folder],
    ...['--chdir', folder, '--clearenv', '--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'TERM', 'xterm-256color'],
    ...['--setenv', 'PS1', PROMPT, '--', ...command],
  ];
  return { file: 'bwrap', args };
}

/** What `docker run` and `docker create` are told, so that their container is as bounded as the product's. */
function dockerOptions(folder: string): string[] {
  return [
    ...['-it', '--rm', '--init', '--network', 'none', '--read-only', '--tmpfs', '/tmp', '--tmpfs', '/run'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', '1000:1000', '--log-driver', 'none'],
    ...['--memory', '512m', '--memory-swap', '512m', '--cpus', '1', '--pids-limit', '256'],
    ...['--mount', `type=bind,source=${folder},target=${MOUNT},readonly`, '-w', MOUNT],
    ...['-e', `PS1=${PROMPT}`],
  ];
}

/**
 * `bwrap` with the very namespaces, folders, mounts and sizes of the product's sandbox, but for what needs open files: the
 * filter for system calls, and the user’s entry in /etc/passwd.
 */
export function sameBubblewrap(command: readonly string[], folder: string): Command {
  const user = sandboxUser();
  const options = bwrapArgs({
    options: { ...DEFAULT_BUBBLEWRAP, folderAccess: 'read-write' },
    folder,
    credentials: null,
    user,
    environment: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', HOME: user.home, PS1: PROMPT },
    view: readSystemView(),
    features: { disableUserns: true, size: true },
    etc: { etc: '/etc', online: '/etc/ssl', offline: '/etc/ssl' },
    descriptors: { passwd: NO_FILE, seccomp: null },
  });
  return { file: 'bwrap', args: [...withoutFiles(options), '--', ...command] };
}

/** Leaves out `--perms MODE --file DESCRIPTOR PATH`, and the same with `--ro-bind-data`. */
function withoutFiles(options: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < options.length; at += 1) {
    if (options[at + 2] === '--file' || options[at + 2] === '--ro-bind-data') at += FILE_OPTIONS - 1;
    else kept.push(options[at] ?? '');
  }
  return kept;
}

/** `docker run -it` by hand. */
export function bareDockerRun(command: readonly string[], folder: string): Command {
  return { file: 'docker', args: ['run', ...dockerOptions(folder), IMAGE, ...command] };
}

/** Makes a container by hand for `docker start -ai`; gives its id. */
export async function dockerCreate(command: readonly string[], folder: string): Promise<string> {
  const { stdout } = await run('docker', ['create', ...dockerOptions(folder), IMAGE, ...command]);
  return stdout.trim();
}

export function bareDockerStart(id: string): Command {
  return { file: 'docker', args: ['start', '-ai', id] };
}
