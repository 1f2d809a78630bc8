import { expect, test } from 'vitest';
import type { Mount } from '../../processes/mountinfo.ts';
import type { Limit } from '../../processes/resource-limits.ts';
import { type Expectation, judgeSandbox } from './findings.ts';
import { type Inspection, NAMESPACES } from './inspection.ts';
import { sandboxOptions } from './testing/sandboxes.ts';

const memory: Limit = { controller: 'memory', amount: 64 * 1024 * 1024, place: 'rlimit' };
const expected: Expectation = {
  options: sandboxOptions({ folderAccess: 'read-only', resources: { memoryMiB: 64, pids: null } }),
  user: { name: 'ada', uid: 1000, gid: 1000, home: '/home/ada', isRootOutside: false },
  view: {
    entries: [
      { kind: 'read-only', path: '/usr' },
      { kind: 'link', path: '/bin', target: 'usr/bin' },
    ],
    guarded: ['/proc/sys'],
    hidden: [],
  },
  folder: { path: '/home/ada/src', device: 1, inode: 2 },
  credentials: null,
  limits: [memory],
  cgroups: { folderOf: () => null, main: null },
  isFiltered: true,
};

function mount(folder: string, type: string, options = 'rw,nosuid'): Mount {
  return { folder, root: '/', type, options: new Set(options.split(',')), superOptions: new Set() };
}

const READ_ONLY = 'ro,nosuid';
const mounts: readonly Mount[] = [
  mount('/', 'tmpfs', READ_ONLY),
  ...['/tmp', '/var/tmp', '/run', '/dev/shm', '/home/ada'].map((path) => mount(path, 'tmpfs')),
  mount('/usr', 'ext4', READ_ONLY),
  mount('/usr/local', 'xfs', READ_ONLY),
  mount('/etc', 'tmpfs', READ_ONLY),
  mount('/etc/passwd', 'tmpfs', READ_ONLY),
  mount('/proc', 'proc'),
  mount('/proc/sys', 'proc', READ_ONLY),
  mount('/dev', 'tmpfs', READ_ONLY),
  mount('/dev/null', 'devtmpfs'),
  mount('/dev/pts', 'devpts'),
  mount('/home/ada/src', 'ext4', READ_ONLY),
];
const process = { pid: 10, startedAt: 1 };
const good: Inspection = {
  processes: { keeper: process, init: process, shell: process },
  ownNamespaces: new Set(NAMESPACES),
  uid: { inside: 1000, outside: 1000 },
  hasNoCapabilities: true,
  noNewPrivileges: true,
  isFiltered: true,
  mounts,
  interfaces: ['lo'],
  limits: 'Max data size             67108864             67108864             bytes     \n',
  cgroups: { unified: null, legacy: new Map() },
  folder: { device: 1, inode: 2 },
  credentials: null,
};
const missing = (change: Partial<Inspection>): readonly string[] =>
  judgeSandbox({ ...good, ...change }, expected).missing;

test('a sandbox that is what was asked for lacks nothing, and its badge says so', () => {
  const { missing: lacking, items } = judgeSandbox(good, expected);
  expect(lacking).toEqual([]);
  expect(items).toEqual([
    { text: 'bubblewrap', open: false },
    { text: 'no network', open: false },
    { text: 'read-only system', open: false },
    { text: '/home/ada/src read-only', open: false },
    { text: 'uid 1000', open: false },
    { text: '64 MB per process (rlimit)', open: false },
    { text: 'no process limit', open: true },
    { text: 'system calls filtered', open: false },
  ]);
});

test.each(NAMESPACES.filter((kind) => kind !== 'cgroup'))('without a %s namespace it does not hold', (kind) => {
  expect(missing({ ownNamespaces: new Set(NAMESPACES.filter((each) => each !== kind)) })).toHaveLength(1);
});

test('the host’s network is a choice, and worn on the badge', () => {
  const online = { ...expected, options: { ...expected.options, network: 'host' as const } };
  const ownNamespaces = new Set(NAMESPACES.filter((kind) => kind !== 'net'));
  const found = judgeSandbox({ ...good, ownNamespaces, interfaces: ['lo', 'eth0'] }, online);
  expect(found.missing).toEqual([]);
  expect(found.items).toContainEqual({ text: 'host network', open: true });
});

test.each([
  ['an interface', { interfaces: ['lo', 'eth0'] }, /eth0/],
  ['a capability', { hasNoCapabilities: false }, /no capabilities/],
  ['setuid programs that work', { noNewPrivileges: false }, /no new privileges/],
  ['another user', { uid: { inside: 0, outside: 0 } }, /user 1000/],
  ['no filter', { isFiltered: false }, /filter/],
  ['another folder than was checked', { folder: { device: 1, inode: 3 } }, /as it was when it was checked/],
  ['a limit that is not in force', { limits: 'Max address space unlimited unlimited bytes\n' }, /64 MB/],
] as const)('with %s it does not hold', (_name, change, label) => {
  expect(missing(change).join()).toMatch(label);
});

/** The mounts with one put in the place of that with the same folder, or added. */
function withMount(changed: Mount): Partial<Inspection> {
  return { mounts: [...mounts.filter((each) => each.folder !== changed.folder), changed] };
}

test.each([
  ['the system can be written', mount('/usr', 'ext4'), /^\/usr read-only$/],
  ['a part of the system can be written', mount('/usr/local', 'xfs'), /^\/usr\/local read-only$/],
  ['the chosen folder can be written', mount('/home/ada/src', 'ext4'), /^\/home\/ada\/src read-only$/],
  ['a part of it can be written', mount('/home/ada/src/sub', 'ext4'), /sub read-only$/],
  ['the kernel’s settings can be written', mount('/proc/sys', 'proc'), /^\/proc\/sys read-only$/],
  ['something else of the machine is shown', mount('/home/ada/.ssh', 'ext4', READ_ONLY), /^no \/home\/ada\/\.ssh/],
  ['the home folder is the machine’s', mount('/home/ada', 'ext4'), /^a private \/home\/ada$/],
  ['terminals are the machine’s', { ...mount('/dev/pts', 'devtmpfs') }, /^\/dev\/pts of its own$/],
  ['processes are a part of the machine’s', { ...mount('/proc', 'proc'), root: '/1' }, /^\/proc of its own$/],
  ['setuid programs work', mount('/usr', 'ext4', 'ro'), /^no setuid programs in \/usr$/],
  ['the top is the machine’s', mount('/', 'ext4', READ_ONLY), /^a file system of its own$/],
])('where %s it does not hold', (_name, changed, label) => {
  expect(missing(withMount(changed)).join()).toMatch(label);
});

test('where a private folder is missing it does not hold', () => {
  expect(missing({ mounts: mounts.filter((each) => each.folder !== '/tmp') })).toEqual(['/tmp of its own']);
});

test('a limit by cgroup holds only in the session’s own cgroup', () => {
  const limit: Limit = { controller: 'pids', amount: 8, place: 'legacy' };
  const cgroups = { folderOf: () => '/cgroup/sandglass-1-A', main: null };
  const found = { ...good, cgroups: { unified: null, legacy: new Map([['pids', '/cgroup'] as const]) } };
  expect(judgeSandbox(found, { ...expected, limits: [limit], cgroups }).missing).toEqual(['the limit of 8 processes']);
});

test('credentials are the session’s own, read-only, and worn on the badge', () => {
  const wanted: Expectation = { ...expected, credentials: { count: 2, device: 3, inode: 4 } };
  const inside = '/run/sandglass/credentials';
  const found = {
    ...good,
    credentials: { device: 3, inode: 4 },
    mounts: [...mounts, mount(inside, 'tmpfs', READ_ONLY)],
  };
  expect(judgeSandbox(found, wanted).missing).toEqual([]);
  expect(judgeSandbox(found, wanted).items).toContainEqual({ text: '2 credentials', open: false });
  const writable = { ...found, mounts: [...mounts, mount(inside, 'tmpfs')] };
  expect(judgeSandbox(writable, wanted).missing).toEqual([`${inside} read-only`]);
  expect(judgeSandbox({ ...found, credentials: { device: 3, inode: 5 } }, wanted).missing).toEqual([
    'its own credentials',
  ]);
  expect(judgeSandbox(good, wanted).missing).toEqual(['its own credentials']);
  // What was not asked for is not there.
  expect(judgeSandbox(found, expected).missing).toEqual([`no ${inside} from outside`, 'no credentials']);
});
