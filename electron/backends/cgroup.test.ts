import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cgroup, cgroupFolder, parseCgroupMounts, parseOwnCgroup, probeCgroups } from './cgroup.ts';
import { testCgroupParent } from './testing/shells.ts';

test('the version 2 mount of a hybrid hierarchy is found among the others', () => {
  const mountinfo = [
    '30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '31 24 0:27 /user\\040space /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw',
  ].join('\n');
  expect(parseCgroupMounts(mountinfo)).toEqual([{ root: '/user space', folder: '/sys/fs/cgroup/unified' }]);
  expect(parseOwnCgroup('4:memory:/a\n0::/user.slice/app.scope\n')).toBe('/user.slice/app.scope');
  expect(parseOwnCgroup('4:memory:/a\n')).toBeNull();
});

test('what a session nested in its cgroup is removed with it', async () => {
  using parent = await testCgroupParent();
  const cgroup = Cgroup.create(parent.folder, 'NESTED');
  mkdirSync(join(cgroup.folder, 'inner', 'most'), { recursive: true });
  expect(cgroup.remove()).toBe(true);
  expect(existsSync(cgroup.folder)).toBe(false);
  expect(cgroup.members()).toEqual([]);
  expect(cgroup.cpuMs()).toBeNull();
  expect(cgroup.remove()).toBe(true);
});

test('the empty cgroups of an app that was killed are removed by the next one', async () => {
  using parent = await testCgroupParent();
  // Above the highest pid there can be.
  const stale = join(parent.folder, 'sandglass-4194305-OLD');
  mkdirSync(stale);
  expect(await probeCgroups(parent.folder, '/nonexistent')).toEqual({ kind: 'folder', parent: parent.folder });
  expect(existsSync(stale)).toBe(false);
});

test('where nothing can be made, there is no support', async () => {
  expect(await probeCgroups('/nonexistent', '/nonexistent')).toBeNull();
  expect(await cgroupFolder(4_194_305)).toBeNull();
});
