import { constants } from 'node:fs';
import { access as mayAccess, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, normalize } from 'node:path';
import { RequestError } from '../../shared/errors.ts';
import type { BackendKind, FolderAccess, Profile } from '../../shared/profile.ts';
import { isFullPath, shownFolder } from '../../shared/profile-check.ts';
import { checkSandboxFolder, type SandboxFolderRules } from '../backends/sandbox-folder.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import type { Handlers } from './rpc-server.ts';
import { settingsView } from './settings-view.ts';

/** What a host can do for the profile editor. */
export interface ProfileHost {
  /** The system's folder dialog: a full path, or null when it was cancelled. Absent where there is no such dialog. */
  chooseFolder?(): Promise<string | null>;
}

/** Why a sandbox of this kind must not be shown that folder, as the backend would say at start; null: it may. */
export type FolderObjection = (
  backend: Exclude<BackendKind, 'pty'>,
  folder: string,
  access: Exclude<FolderAccess, 'none'>,
) => Promise<string | null>;

/** What every kind of sandbox refuses at start, asked when a profile is saved. */
export function sandboxFolderObjection(rules: SandboxFolderRules): FolderObjection {
  return async (_backend, folder) => {
    const checked = await checkSandboxFolder(folder, rules);
    return checked.ok ? null : checked.failure.message;
  };
}

type ProfileHandlers = Pick<Handlers, 'profiles.save' | 'profiles.delete' | 'profiles.reset' | 'profiles.chooseFolder'>;

/**
 * Answers what a window asks about profiles. A refusal of a profile begins with the name of its field.
 *
 * @param objectionTo asked of folders that a sandbox is to see, so that the editor says what a start would
 */
export function profileHandlers(
  settings: SettingsStore,
  host: ProfileHost,
  objectionTo: FolderObjection = async () => null,
): ProfileHandlers {
  return {
    'profiles.save': async ({ profile, before }) => {
      settings.saveProfile(await withCheckedFolder(profile, objectionTo), before);
      return settingsView(settings);
    },
    'profiles.delete': ({ id }) => {
      settings.deleteProfile(id);
      return settingsView(settings);
    },
    'profiles.reset': ({ id }) => {
      settings.resetProfile(id);
      return settingsView(settings);
    },
    'profiles.chooseFolder': async () => {
      if (host.chooseFolder === undefined) return { outcome: 'unavailable' };
      const folder = await host.chooseFolder();
      return folder === null ? { outcome: 'cancelled' } : { outcome: 'chosen', folder };
    },
  };
}

/**
 * The profile with its folder as a plain full path, `~` written out. Throws `RequestError` where there is no such folder
 * now; one that goes later fails the start of a session instead.
 */
async function withCheckedFolder(profile: Profile, objectionTo: FolderObjection): Promise<Profile> {
  if (profile.folder === undefined) return profile;
  const folder = plainFolder(profile.folder);
  // What is no full path is refused with everything else that can be told without looking.
  if (!isFullPath(folder, process.platform)) return profile;
  const found = await stat(folder).catch(() => null);
  if (found === null) throw refused(`${folder} does not exist, or you may not see it`);
  if (!found.isDirectory()) throw refused(`${folder} is not a folder`);
  const mayEnter = await mayAccess(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayEnter) throw refused(`You may not open ${folder}`);
  const access = shownFolder(profile);
  if (access !== null && profile.backend !== 'pty') {
    const objection = await objectionTo(profile.backend, folder, access);
    if (objection !== null) throw refused(objection);
  }
  return { ...profile, folder };
}

function plainFolder(typed: string): string {
  const home = /^~(?=$|[\\/])/.test(typed) ? join(homedir(), typed.slice(1)) : typed;
  if (!isFullPath(home, process.platform)) return home;
  const plain = normalize(home);
  return plain.length > 1 ? plain.replace(/(?<=[^:])[\\/]$/, '') : plain;
}

function refused(why: string): RequestError {
  return new RequestError('invalid_setting', `${why}.`, { field: 'profile.folder' });
}
