import { readFile } from 'node:fs/promises';

/** Why there are no sandboxes, and what would help. */
export interface Diagnosis {
  readonly message: string;
  readonly hint: string;
}

/** What this machine says about itself; a test gives its own. */
export interface MachineFacts {
  /** A file's text without the white space around it; null when it cannot be read. */
  read(path: string): Promise<string | null>;
  readonly isRoot: boolean;
}

export const thisMachine: MachineFacts = {
  read: (path) =>
    readFile(path, 'utf8').then(
      (text) => text.trim(),
      () => null,
    ),
  isRoot: process.getuid?.() === 0,
};

/** How each family of distributions installs it, by `ID` and `ID_LIKE` of os-release(5). */
const INSTALL: readonly (readonly [family: RegExp, command: string])[] = [
  [/\b(debian|ubuntu)\b/, 'sudo apt install bubblewrap'],
  [/\b(fedora|rhel|centos)\b/, 'sudo dnf install bubblewrap'],
  [/\barch\b/, 'sudo pacman -S bubblewrap'],
  [/\b(suse|opensuse)\b/, 'sudo zypper install bubblewrap'],
  [/\balpine\b/, 'sudo apk add bubblewrap'],
  [/\bvoid\b/, 'sudo xbps-install bubblewrap'],
  [/\bgentoo\b/, 'sudo emerge sys-apps/bubblewrap'],
  [/\bnixos\b/, 'add pkgs.bubblewrap to environment.systemPackages'],
];

/** What to do where there is no bwrap, or one that is too old. */
export async function installHint(facts: MachineFacts): Promise<string> {
  const release = (await facts.read('/etc/os-release')) ?? '';
  const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].map((match) => match[1] ?? '').join(' ');
  const command = INSTALL.find(([family]) => family.test(ids))?.[1];
  const how =
    command === undefined ? 'Install the package “bubblewrap” with your package manager' : `Install it: ${command}`;
  return `${how}. Then check again.`;
}

/** An AppArmor profile that lets bwrap make user namespaces (apparmor.d(5), the rule `userns`). */
function appArmorProfile(bwrap: string): string {
  return [
    'abi <abi/4.0>,',
    'include <tunables/global>',
    `profile bwrap ${bwrap} flags=(unconfined) {`,
    '  userns,',
    '  include if exists <local/bwrap>',
    '}',
  ].join('\n');
}

/**
 * Why a sandbox could not be set up: the settings of the kernel that forbid it, or else what bwrap itself complained of.
 *
 * @param complaint what bwrap wrote.
 */
export async function diagnose(complaint: string, bwrap: string, facts: MachineFacts): Promise<Diagnosis> {
  const setting = (name: string): Promise<string | null> => facts.read(`/proc/sys/${name}`);
  const said = complaint.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  if ((await setting('user/max_user_namespaces')) === '0') {
    return {
      message: 'This machine allows no user namespaces (user.max_user_namespaces is 0), which sandboxes are made of.',
      hint: 'Allow them: sudo sysctl user.max_user_namespaces=15000. To keep it, put that in a file in /etc/sysctl.d.',
    };
  }
  const isDenied = /permission denied|not permitted|no permissions/i.test(said);
  if (isDenied && !facts.isRoot) {
    if ((await setting('kernel/unprivileged_userns_clone')) === '0') {
      return {
        message: 'Only root may make user namespaces on this machine (kernel.unprivileged_userns_clone is 0).',
        hint: 'Allow it for all: sudo sysctl kernel.unprivileged_userns_clone=1. To keep it, put that in a file in /etc/sysctl.d.',
      };
    }
    if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1') {
      return {
        message:
          'AppArmor does not let bubblewrap make user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1).',
        hint: [
          'Allow it for bubblewrap alone: put this in /etc/apparmor.d/bwrap,',
          'then run “sudo apparmor_parser -r /etc/apparmor.d/bwrap” and check again:',
          `\n${appArmorProfile(bwrap)}`,
        ].join(' '),
      };
    }
  }
  if (isDenied && (await isInContainer(facts))) {
    return {
      message: `Sandglass runs in a container that may not make sandboxes of its own: ${said}`,
      hint: 'Run it outside, or give the container what bubblewrap needs: with Docker, --security-opt seccomp=unconfined --security-opt systempaths=unconfined, and on AppArmor --security-opt apparmor=unconfined.',
    };
  }
  if (isDenied) {
    return {
      message: `The system does not let bubblewrap set up a sandbox: ${said}`,
      hint: 'See whether a security module such as SELinux, or the limits of your account, forbid user namespaces.',
    };
  }
  return {
    message: said === '' ? 'bubblewrap ended without saying why.' : `bubblewrap could not set up a sandbox: ${said}`,
    hint: 'Check that bubblewrap is up to date. The log has its whole output.',
  };
}

async function isInContainer(facts: MachineFacts): Promise<boolean> {
  const marks = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];
  for (const path of marks) if ((await facts.read(path)) !== null) return true;
  return false;
}
