import { expect, test } from 'vitest';
import { diagnose, installHint, type MachineFacts } from './diagnosis.ts';

function machine(files: Readonly<Record<string, string>>, isRoot = false): MachineFacts {
  return { isRoot, read: async (path) => files[path] ?? null };
}

const DENIED = 'bwrap: setting up uid map: Permission denied';
const userns = '/proc/sys/kernel/unprivileged_userns_clone';
const appArmor = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';
const most = '/proc/sys/user/max_user_namespaces';

test.each([
  [
    { [most]: '0', [userns]: '0' },
    'bwrap: Creating new namespace failed',
    /max_user_namespaces is 0/,
    /sysctl user\.max/,
  ],
  [
    { [most]: '9', [userns]: '0' },
    DENIED,
    /unprivileged_userns_clone is 0/,
    /sysctl kernel\.unprivileged_userns_clone=1/,
  ],
  [
    { [appArmor]: '1', [userns]: '1' },
    DENIED,
    /AppArmor/,
    /\/etc\/apparmor\.d\/bwrap[\s\S]*profile bwrap \/opt\/bwrap .*\{\n {2}userns,/,
  ],
  [{ '/.dockerenv': '' }, 'bwrap: No permissions to create new namespace', /in a container/, /seccomp=unconfined/],
  [{}, DENIED, /does not let bubblewrap/, /security module/],
  [{}, 'x\nbwrap: Can’t find source path /usr', /could not set up a sandbox: bwrap: Can’t find/, /up to date/],
  [{}, '', /without saying why/, /log/],
] as const)('%j and “%s” are explained', async (files, complaint, message, hint) => {
  const diagnosis = await diagnose(complaint, '/opt/bwrap', machine(files));
  expect(diagnosis.message).toMatch(message);
  expect(diagnosis.hint).toMatch(hint);
});

test('what holds for ordinary users only is not blamed for root', async () => {
  const files = { [userns]: '0', [appArmor]: '1' };
  expect((await diagnose(DENIED, '/bin/bwrap', machine(files, true))).message).toMatch(/does not let/);
});

test.each([
  ['ID=ubuntu\nID_LIKE=debian', 'apt install'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install'],
  ['ID=manjaro\nID_LIKE=arch', 'pacman -S'],
  ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'zypper install'],
  ['ID=alpine', 'apk add'],
  ['ID=nixos', 'pkgs.bubblewrap'],
  ['ID=plan9', 'your package manager'],
])('%j installs it with “%s”', async (release, command) => {
  expect(await installHint(machine({ '/etc/os-release': release }))).toContain(command);
});
