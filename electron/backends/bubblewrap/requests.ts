import { homedir } from 'node:os';
import type { FolderAccess } from '../../../shared/profile.ts';
import type { StartFailure } from '../../../shared/session.ts';
import { type Checked, checkShell } from '../pty/shell.ts';
import { failed } from '../pty/terminal-session.ts';
import { type CheckedFolder, checkSandboxFolder } from '../sandbox-folder.ts';
import type { SandboxKit } from './prepare.ts';
import { sandboxPath } from './sandbox-environment.ts';
import { isInView } from './system-view.ts';

/** The chosen folder as it was when it was checked. */
export type ChosenFolder = CheckedFolder;

type FolderChecked =
  | { readonly ok: true; readonly chosen: ChosenFolder | null }
  | { readonly ok: false; readonly failure: StartFailure };

/** The folder that a sandbox is to be shown, if it may; null where it is shown none. */
export async function checkChosenFolder(
  folder: string | undefined,
  access: FolderAccess,
  kit: SandboxKit,
): Promise<FolderChecked> {
  if (access === 'none') return { ok: true, chosen: null };
  if (folder === undefined) {
    return failed(
      'folder',
      'The profile shows the sandbox a folder, but names none. The whole home folder is not shown.',
      'Choose a folder in the profile, or set its access to none.',
    );
  }
  const rules = { home: homedir(), forbidden: kit.forbidden, environment: kit.environment };
  const checked = await checkSandboxFolder(folder, rules);
  if (!checked.ok) return checked;
  return { ok: true, chosen: { path: checked.path, device: checked.device, inode: checked.inode } };
}

/** The shell's full path, if the sandbox has it. A bare name is resolved where the sandbox's programs are. */
export async function checkInsideShell(
  requested: string | undefined,
  folder: ChosenFolder | null,
  kit: SandboxKit,
): Promise<Checked> {
  const environment = { PATH: sandboxPath, SHELL: kit.environment.SHELL };
  const shell = await checkShell(requested, 'linux', environment);
  if (!shell.ok) return shell;
  if (isInView(shell.path, kit.view, folder?.path ?? null)) return shell;
  return failed(
    'shell',
    `The shell ${shell.path} is not inside the sandbox, which sees the programs of the system and the chosen folder only`,
    'Choose a shell of the system in the profile, such as /bin/bash.',
  );
}
