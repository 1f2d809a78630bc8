import type { AppInfo } from '../../shared/contract.ts';
import type { FolderAccess, Profile } from '../../shared/profile.ts';

/** The user's home folder, derived from the folders that Sandglass keeps there; null if that is not possible. */
export function homeOf(info: Pick<AppInfo, 'logFolder' | 'recordingFolder'> | null): string | null {
  const home = /^(?:\/home\/[^/]+|\/Users\/[^/]+|\/root|[A-Za-z]:\\Users\\[^\\]+)(?=[/\\])/;
  return home.exec(info?.recordingFolder ?? '')?.[0] ?? home.exec(info?.logFolder ?? '')?.[0] ?? null;
}

/** A folder as short as people write it: `~/src`. */
export function shortFolder(folder: string, home: string | null): string {
  if (home === null || !folder.startsWith(home)) return folder;
  const rest = folder.slice(home.length);
  return rest === '' || /^[/\\]/.test(rest) ? `~${rest}` : folder;
}

/** What a profile's sessions are, part by part: “bubblewrap”, “no network”, “~/src read-write”. */
export function profileSummary(profile: Profile, home: string | null): readonly string[] {
  switch (profile.backend) {
    case 'pty':
      return parts('on this machine', 'not sandboxed', profile.folder && shortFolder(profile.folder, home));
    case 'bubblewrap': {
      const { network, folderAccess } = profile.bubblewrap;
      return parts(
        'bubblewrap',
        network === 'none' ? 'no network' : 'host network',
        access(profile, folderAccess, home),
      );
    }
    case 'docker': {
      const { image, network, folderAccess, readOnlyRoot, noNewPrivileges, capabilities } = profile.container;
      return parts(
        image,
        network === 'none' ? 'no network' : `network ${network}`,
        access(profile, folderAccess, home),
        readOnlyRoot ? null : 'writable root',
        noNewPrivileges ? null : 'may gain privileges',
        capabilities.length === 0 ? null : capabilities.join(', '),
      );
    }
  }
}

function parts(...found: (string | null | undefined)[]): readonly string[] {
  return found.flatMap((part) => (part === null || part === undefined || part === '' ? [] : [part]));
}

function access({ folder }: Profile, granted: FolderAccess, home: string | null): string | null {
  if (granted === 'none' || folder === undefined) return null;
  return `${shortFolder(folder, home)} ${granted}`;
}
