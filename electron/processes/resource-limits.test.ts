import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Controller } from './cgroup-places.ts';
import type { LimitSupport } from './cgroup-support.ts';
import {
  applyLimit,
  canLimitData,
  describeLimits,
  isApplied,
  isInLimits,
  type Limit,
  type LimitPlace,
  planLimits,
  scopeProperties,
} from './resource-limits.ts';

const MIB = 1024 * 1024;
const all = { memoryMiB: 512, pids: 64, cpus: 1.5 };
const folder = (...controllers: Controller[]): LimitSupport['cgroups'] => ({
  kind: 'folder',
  parent: '/p',
  controllers,
});
const scope = (...controllers: Controller[]): LimitSupport['cgroups'] => ({
  kind: 'scope',
  systemdRun: '/bin/systemd-run',
  controllers,
});
const places = (cgroups: LimitSupport['cgroups'], legacy: Controller[] = [], canLimitProcesses = true) => {
  const support = { cgroups, legacy: new Map(legacy.map((each) => [each, `/v1/${each}`] as const)) };
  return planLimits(all, support, canLimitProcesses).map(({ controller, place }) => `${controller} ${place}`);
};

describe('each resource is bounded by the best there is', () => {
  test.each([
    ['version 2', folder('memory', 'pids', 'cpu'), [], ['memory unified', 'cpu unified', 'pids unified']],
    ['version 1', null, ['memory', 'pids', 'cpu'], ['memory legacy', 'cpu legacy', 'pids legacy']],
    ['both', folder('pids'), ['memory', 'pids'], ['memory legacy', 'cpu none', 'pids unified']],
    ['a scope', scope('memory', 'pids'), [], ['memory scope', 'cpu none', 'pids scope']],
    ['nothing', null, [], ['memory rlimit', 'cpu none', 'pids rlimit']],
  ] as const)('with %s', (_name, cgroups, legacy, expected) => {
    expect(places(cgroups, [...legacy])).toEqual(expected);
  });

  test('root is held to no number of processes by an rlimit', () => {
    expect(places(null, [], false)).toEqual(['memory rlimit', 'cpu none', 'pids none']);
  });

  test('what the profile leaves open stays open', () => {
    const support = { cgroups: null, legacy: new Map() };
    expect(planLimits({ memoryMiB: null, pids: null, cpus: null }, support, true)).toEqual([]);
  });
});

function limits(place: LimitPlace): Limit[] {
  return [
    { controller: 'memory', amount: 512 * MIB, place },
    { controller: 'cpu', amount: 1.5, place },
    { controller: 'pids', amount: 64, place },
  ];
}

describe('a bound is written as the kernel wants it', () => {
  let path: string;
  const write = (...names: string[]): void => {
    for (const name of names) writeFileSync(join(path, name), '');
  };
  const content = (): Record<string, string> =>
    Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]));

  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'sandglass-limits-'));
  });

  afterAll(() => {
    rmSync(path, { recursive: true });
  });

  test('version 2', () => {
    write('memory.max', 'memory.swap.max', 'cpu.max', 'pids.max');
    for (const limit of limits('unified')) {
      expect(isApplied(limit, path)).toBe(false);
      applyLimit(limit, path);
      expect(isApplied(limit, path)).toBe(true);
    }
    const expected = {
      'memory.max': '536870912',
      'memory.swap.max': '0',
      'cpu.max': '150000 100000',
      'pids.max': '64',
    };
    expect(content()).toEqual(expected);
    rmSync(join(path, 'memory.swap.max'));
    // Where swap is not counted.
    applyLimit({ controller: 'memory', amount: MIB, place: 'unified' }, path);
    expect(() => applyLimit({ controller: 'memory', amount: MIB, place: 'legacy' }, path)).toThrow('ENOENT');
  });

  test('version 1', () => {
    for (const name of readdirSync(path)) rmSync(join(path, name));
    write('memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpu.cfs_period_us', 'cpu.cfs_quota_us', 'pids.max');
    for (const limit of limits('legacy')) {
      applyLimit(limit, path);
      expect(isApplied(limit, path)).toBe(true);
    }
    expect(content()).toEqual({
      'memory.limit_in_bytes': '536870912',
      'memory.memsw.limit_in_bytes': '536870912',
      'cpu.cfs_period_us': '100000',
      'cpu.cfs_quota_us': '150000',
      'pids.max': '64',
    });
  });

  test('systemd', () => {
    expect(scopeProperties(limits('scope'))).toEqual([
      'MemoryMax=536870912',
      'MemorySwapMax=0',
      'CPUQuota=150%',
      'TasksMax=64',
    ]);
    expect(scopeProperties(limits('unified'))).toEqual([]);
  });
});

test('memory is bounded by an rlimit only where the kernel holds processes to it', () => {
  expect(canLimitData('6.1.0-18-amd64', 'N\n')).toBe(true);
  expect(canLimitData('4.7.0', '')).toBe(true);
  expect(canLimitData('4.6.9', '')).toBe(false);
  expect(canLimitData('3.10.0-1160.el7', '')).toBe(false);
  expect(canLimitData('6.1.0', 'Y\n')).toBe(false);
});

test('what holds a process is read from its limits', () => {
  const text = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             64                   64                   processes ',
    'Max data size             unlimited            unlimited            bytes     ',
  ].join('\n');
  const [memory, , pids] = limits('rlimit');
  expect(memory !== undefined && isInLimits(memory, text)).toBe(false);
  expect(pids !== undefined && isInLimits(pids, text)).toBe(true);
  expect(pids !== undefined && isInLimits({ ...pids, amount: 63 }, text)).toBe(false);
});

test.each([
  ['unified', ['512 MB (cgroup)', '1.5 CPUs (cgroup)', '64 processes (cgroup)']],
  ['legacy', ['512 MB (cgroup)', '1.5 CPUs (cgroup)', '64 processes (cgroup)']],
  ['rlimit', ['512 MB per process (rlimit)', '1.5 CPUs (rlimit)', '64 processes (rlimit)']],
  [
    'none',
    [
      'memory not limited (needs a cgroup)',
      'CPU not limited (needs a cgroup)',
      'processes not limited (needs a cgroup)',
    ],
  ],
] as const)('the badge says what bounds: %s', (place, labels) => {
  const items = describeLimits(limits(place));
  expect(items.map((item) => item.text)).toEqual(labels);
  expect(items.every((item) => item.open === (place === 'none'))).toBe(true);
  expect(describeLimits([]).map((item) => item.text)).toEqual(['no memory limit', 'no process limit']);
});
