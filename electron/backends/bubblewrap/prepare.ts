import type { BubblewrapOptions } from '../../../shared/profile.ts';
import { FIRST_DESCRIPTOR } from '../pty/launch.ts';
import { bwrapArgs } from './bwrap-args.ts';
import type { Bwrap } from './find-bwrap.ts';
import { OpenFiles } from './open-files.ts';
import type { EtcFolders } from './sandbox-etc.ts';
import { passwdFile, type SandboxUser } from './sandbox-user.ts';
import { isFiltered, seccompFilter } from './seccomp.ts';
import type { SystemView } from './system-view.ts';

/** The channel's descriptor: one digit, so that every shell can name it. */
export const CHANNEL = FIRST_DESCRIPTOR;
/** The first of the files'. */
const FIRST_FILE = CHANNEL + 1;

/** What all sandboxes of this machine are made with. */
export interface SandboxKit {
  readonly bwrap: Bwrap;
  readonly user: SandboxUser;
  readonly view: SystemView;
  readonly etc: EtcFolders;
  /** The app's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders of the app's own. */
  readonly forbidden: readonly string[];
  /** Whether sandboxes have a system call filter on this architecture. */
  readonly isFiltered: boolean;
}

/** One sandbox to prepare. */
export interface SandboxWish {
  readonly options: BubblewrapOptions;
  readonly folder: string | null;
  /** Where the files of its secrets are on this machine; null without any. */
  readonly credentials: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly shell: string;
}

/** Arguments for bwrap up to the command, and the files that go with them. Disposed of once bwrap has been started. */
export interface PreparedSandbox extends Disposable {
  readonly args: readonly string[];
  /** For the descriptors from {@link FIRST_FILE} on, in this order. */
  readonly descriptors: readonly number[];
}

/**
 * Writes down how a sandbox is to be set up. The options go through a file, so that no one who lists this machine's processes
 * reads the session's variables.
 *
 * @throws when the folder for temporary files cannot be written, or an argument holds a zero byte.
 */
export function prepareSandbox(kit: SandboxKit, wish: SandboxWish): PreparedSandbox {
  const files = new OpenFiles();
  try {
    const add = (content: Uint8Array | string): number => FIRST_FILE + files.add(content);
    const descriptors = {
      passwd: add(passwdFile(kit.user, wish.shell)),
      seccomp: isFiltered(process.arch) ? add(seccompFilter(process.arch)) : null,
    };
    const options = bwrapArgs({ ...kit, ...wish, features: kit.bwrap.features, descriptors });
    // A zero byte ends an argument: what comes after it would be an option of its own.
    if (options.some((option) => option.includes('\0'))) throw new Error('A value holds a zero byte');
    const args = ['--args', String(add(options.map((option) => `${option}\0`).join(''))), '--'];
    return { args, descriptors: files.descriptors, [Symbol.dispose]: () => files[Symbol.dispose]() };
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}
