import { describe, expect, test } from 'vitest';
import { bwrapArgs, privateFolders, type SandboxSpec } from './bwrap-args.ts';
import { sandboxOptions, type Wish } from './testing/sandboxes.ts';

const ordinary = { name: 'ada', uid: 1234, gid: 99, home: '/home/ada', isRootOutside: false };
const root = { name: 'sandbox', uid: 1000, gid: 1000, home: '/home/sandbox', isRootOutside: true };
const view: SandboxSpec['view'] = {
  entries: [
    { kind: 'read-only', path: '/usr' },
    { kind: 'link', path: '/bin', target: 'usr/bin' },
  ],
  guarded: ['/proc/sys', '/proc/fs'],
  hidden: ['/proc/slabinfo'],
};
const etc = { etc: '/private/etc', online: '/private/online', offline: '/private/offline' };

function args(wish: Wish = {}, others: Partial<SandboxSpec> = {}): string {
  const list = bwrapArgs({
    options: sandboxOptions(wish),
    folder: null,
    credentials: null,
    user: ordinary,
    environment: { HOME: '/home/ada', EMPTY: '' },
    view,
    etc,
    features: { disableUserns: true, size: true },
    descriptors: { passwd: 4, seccomp: 7 },
    ...others,
  });
  return ` ${list.join(' ')} `;
}

test('every namespace is the sandbox’s own, and more cannot be made', () => {
  for (const kind of ['user', 'pid', 'ipc', 'uts', 'net']) expect(args()).toContain(` --unshare-${kind} `);
  expect(args()).toContain(' --unshare-cgroup-try ');
  expect(args()).toContain(' --disable-userns --die-with-parent --hostname sandbox ');
  expect(args()).toContain(' --cap-drop ALL --clearenv --setenv HOME /home/ada --setenv EMPTY  ');
  expect(args()).toContain(' --seccomp 7 ');
});

test('the terminal stays the session’s own', () => {
  expect(args()).not.toContain('--new-session');
});

test('an old bubblewrap is asked for no more than it can do', () => {
  const old = args({}, { features: { disableUserns: false, size: false } });
  expect(old).not.toMatch(/--disable-userns|--size/);
  expect(old).toContain(' --perms 1777 --tmpfs /tmp ');
});

test('an ordinary user keeps its number, root becomes an ordinary user and finds the kernel’s files covered', () => {
  expect(args()).not.toMatch(/--uid|--gid|\/proc\/fs|slabinfo/);
  expect(args()).toContain(' --ro-bind /proc/sys /proc/sys ');
  const asRoot = args({}, { user: root });
  expect(asRoot).toContain(' --uid 1000 --gid 1000 ');
  expect(asRoot).toContain(' --proc /proc --ro-bind /proc/sys /proc/sys --ro-bind /proc/fs /proc/fs ');
  expect(asRoot).toContain(' --ro-bind /dev/null /proc/slabinfo ');
});

test('of this machine the sandbox sees what is in the view, and nothing can be written there', () => {
  expect(args()).toContain(' --ro-bind /usr /usr --symlink usr/bin /bin --ro-bind /private/etc /etc ');
  expect(args()).not.toMatch(/--bind |--dev-bind/);
  expect(args()).toMatch(/ --remount-ro \/dev (.* )?--remount-ro \/ /);
});

test('without a network names are found on the sandbox itself, with one where the machine finds them', () => {
  expect(args()).toContain(' --ro-bind /private/offline /etc/sandglass ');
  const online = args({ network: 'host' });
  expect(online).not.toMatch(/--unshare-net|offline/);
  expect(online).toContain(' --ro-bind /private/online /etc/sandglass ');
  expect(args()).not.toContain('/private/online');
});

describe('the chosen folder', () => {
  const folder = '/home/ada/src';
  test.each([
    ['read-write', ' --bind /home/ada/src /home/ada/src '],
    ['read-only', ' --ro-bind /home/ada/src /home/ada/src '],
  ] as const)(
    'is bound %s at its own path, above the private home, and is where the shell starts',
    (folderAccess, bind) => {
      const text = args({ folderAccess }, { folder });
      expect(text).toContain(bind);
      expect(text.indexOf(bind)).toBeGreaterThan(text.indexOf(' --tmpfs /home/ada '));
      expect(text).toContain(' --chdir /home/ada/src ');
    },
  );

  test('is absent by default', () => {
    expect(args()).toContain(' --chdir /home/ada ');
    expect(args()).not.toContain('/src');
  });
});

test('the private folders have a size, which follows the bound of memory', () => {
  const bytes = (memoryMiB: number | null): number[] =>
    privateFolders(sandboxOptions({ resources: { memoryMiB } }), ordinary).map((each) => each.bytes / 1024 / 1024);
  expect(bytes(1024)).toEqual([256, 128, 16, 128, 256]);
  expect(bytes(16)).toEqual([4, 4, 4, 4, 4]);
  expect(bytes(null)).toEqual([1024, 512, 64, 512, 1024]);
  expect(args()).toContain(` --perms 0700 --size ${512 * 1024 * 1024} --tmpfs /home/ada `);
});

test('credentials are a folder that only the session sees, and cannot write', () => {
  expect(args()).not.toContain('credentials');
  const given = args({}, { credentials: '/run/user/1234/sandglass-A/sandglass-B' });
  expect(given).toContain(' --ro-bind /run/user/1234/sandglass-A/sandglass-B /run/sandglass/credentials ');
});
