import { expect, test } from 'vitest';
import { findSandbox, insideId, inspectSandbox, parseInterfaces, parseStatus } from './inspection.ts';
import { startSandbox, testSandboxes } from './testing/sandboxes.ts';

test('the kernel’s tables are read', () => {
  expect(parseStatus('Name:\tsh\nUid:\t0\t1\t2\t3\nCapEff:\t00ff\n').get('CapEff')).toBe('00ff');
  const table = 'Inter-|   Receive\n face |bytes    packets\n    lo:       0       0\n  eth0: 12 4\n';
  expect(parseInterfaces(table)).toEqual(['lo', 'eth0']);
  expect(insideId('      1000          0          1\n', 0)).toBe(1000);
  expect(insideId('0 100000 65536\n', 100_005)).toBe(5);
  expect(insideId('0 100000 65536\n', 5)).toBeNaN();
});

test('where there is no sandbox, none is found', () => {
  expect(() => findSandbox(process.pid)).toThrow('no process in a namespace');
  const own = { pid: process.pid, startedAt: 0 };
  const found = inspectSandbox({ keeper: own, init: own, shell: own }, null);
  expect(found.ownNamespaces.size).toBe(0);
  expect(found.isFiltered).toBe(false);
});

test('a sandbox is seen from outside, and what is in it has the numbers of this machine', async () => {
  const shell = await startSandbox(testSandboxes(), {}, { args: ['-c', 'read x'] });
  const processes = findSandbox(shell.process.pid ?? 0);
  const found = inspectSandbox(processes, null);
  expect(processes.keeper.pid).toBe(shell.process.pid);
  expect(new Set([processes.keeper.pid, processes.init.pid, processes.shell.pid]).size).toBe(3);
  expect([...found.ownNamespaces]).toEqual(['user', 'mnt', 'pid', 'ipc', 'uts', 'cgroup', 'net']);
  expect(found).toMatchObject({ hasNoCapabilities: true, noNewPrivileges: true, isFiltered: true, interfaces: ['lo'] });
  expect(found.uid.outside).toBe(process.getuid?.());
  await shell.process.terminate(0);
});
