import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ContainerOptions, DEFAULT_CONTAINER } from '../../../../shared/profile.ts';
import { LABELS } from '../fleet/labels.ts';
import { containerLabels } from './container-labels.ts';
import {
  type ContainerRequest,
  containerEnvironment,
  containerSpec,
  homeInside,
  mountPointObjection,
} from './container-spec.ts';

const request = (options: Partial<ContainerOptions> = {}, rest: Partial<ContainerRequest> = {}): ContainerRequest => ({
  name: 'sandglass-1',
  imageId: 'sha256:1',
  profileId: 'container',
  shell: '/bin/bash',
  args: ['-l'],
  environment: {},
  hostEnvironment: {},
  options: { ...DEFAULT_CONTAINER, ...options },
  folder: null,
  cols: 100,
  rows: 30,
  purpose: { role: 'session', sessionId: 'S1', endsAt: null, longestIdleSeconds: null },
  commandAfterCredentials: null,
  owner: { installation: 'i', host: 'h', pid: 7, start: 99 },
  identity: null,
  ...rest,
});

describe('a container', () => {
  test('is hardened unless its profile says otherwise', () => {
    expect(containerSpec(request()).HostConfig).toEqual({
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: [],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: {
        '/tmp': 'rw,exec,nosuid,nodev,size=268435456,mode=1777',
        '/var/tmp': 'rw,noexec,nosuid,nodev,size=67108864,mode=1777',
        '/run': 'rw,noexec,nosuid,nodev,size=16777216,mode=755',
        '/home/sandglass': 'rw,exec,nosuid,nodev,size=268435456,mode=1777',
      },
      Mounts: [],
      Init: true,
      NetworkMode: 'none',
      IpcMode: 'private',
      CgroupnsMode: 'private',
      PidsLimit: 256,
      Memory: 536_870_912,
      MemorySwap: 536_870_912,
      NanoCpus: 1_000_000_000,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      ConsoleSize: [30, 100],
    });
  });

  test('is never privileged, keeps its namespaces, and drops all capabilities, whatever the profile says', () => {
    const anyOptions = fc.record({
      user: fc.constantFrom('0', '1000:1000', 'node'),
      folderAccess: fc.constantFrom('none', 'read-only', 'read-write'),
      mountAt: fc.constantFrom('/src', '/home', '/home/sandglass', '/tmp', '/tmp/a', '/var', '/work/a'),
      network: fc.constantFrom('none', 'bridge', 'mine'),
      readOnlyRoot: fc.boolean(),
      noNewPrivileges: fc.boolean(),
      runtime: fc.constantFrom(null, 'runsc'),
      capabilities: fc.constantFrom<string[]>([], ['KILL']),
      resources: fc.record({
        memoryMiB: fc.option(fc.integer({ min: 16, max: 1_048_576 })),
        cpus: fc.option(fc.double({ min: 0.05, max: 1_024, noNaN: true })),
        pids: fc.option(fc.integer({ min: 8, max: 1_000_000 })),
      }),
    } as const);
    fc.assert(
      fc.property(anyOptions, (options) => {
        const folder = options.folderAccess === 'none' ? null : '/home/me/project';
        const { HostConfig: host, ...spec } = containerSpec(request(options, { folder }));
        expect(host).toMatchObject({
          Privileged: false,
          CapDrop: ['ALL'],
          IpcMode: 'private',
          LogConfig: { Type: 'none' },
          ReadonlyRootfs: options.readOnlyRoot,
        });
        expect(Object.keys(host)).not.toEqual(expect.arrayContaining(['PidMode', 'Binds', 'Devices', 'VolumesFrom']));
        expect(host.Mounts.map(({ Source, Target }) => [Source, Target])).toEqual(
          folder === null ? [] : [[folder, options.mountAt]],
        );
        expect(host.Mounts.every(({ ReadOnly }) => ReadOnly === (options.folderAccess !== 'read-write'))).toBe(true);
        // No mount point is made in the user's folder, and nothing is mounted twice at one place.
        for (const place of Object.keys(host.Tmpfs)) {
          expect(folder !== null && `${place}/`.startsWith(`${options.mountAt}/`)).toBe(false);
        }
        const home = spec.Env.find((variable) => variable.startsWith('HOME='));
        expect(home).toBe(`HOME=${homeInside(folder === null ? null : options.mountAt)}`);
      }),
    );
  });

  test('runs the profile’s shell in place of whatever the image runs', () => {
    expect(containerSpec(request())).toMatchObject({ Entrypoint: ['/bin/bash'], Cmd: ['-l'] });
    const silent = containerSpec(request({}, { shell: null, args: [] }));
    expect(silent).not.toHaveProperty('Entrypoint');
    expect(silent).not.toHaveProperty('Cmd');
    const args = containerSpec(request({}, { shell: null, args: ['a'] }));
    expect(args).not.toHaveProperty('Entrypoint');
    expect(args.Cmd).toEqual(['a']);
  });

  test('runs nothing that the image would have run beside the session', () => {
    expect(containerSpec(request()).Healthcheck).toEqual({ Test: ['NONE'] });
  });

  test('starts where the folder is, if there is one', () => {
    expect(containerSpec(request({ mountAt: '/work' }, { folder: '/home/me' })).WorkingDir).toBe('/work');
    expect(containerSpec(request())).not.toHaveProperty('WorkingDir');
  });
});

describe('its environment', () => {
  const hostEnvironment = {
    PATH: '/host',
    LANG: 'C',
    LC_ALL: 'C',
    TERM: 'host',
    SANDGLASS_SESSION_ID: 'host',
    EMPTY: undefined,
  };

  test('has what is let in, the terminal’s, the profile’s and the session’s', () => {
    const asked = request({}, { hostEnvironment, environment: { TERM: 'dumb', SANDGLASS_SESSION_ID: 'x' } });
    expect(containerEnvironment(asked)).toEqual({
      LANG: 'C',
      LC_ALL: 'C',
      TERM: 'dumb',
      COLORTERM: 'truecolor',
      TERM_PROGRAM: 'Sandglass',
      HOME: '/home/sandglass',
      SANDGLASS_SESSION_ID: 'S1',
    });
  });

  test('of a pool names no session', () => {
    const asked = request({ environmentAllow: ['*'] }, { hostEnvironment, purpose: { role: 'pool' } });
    expect(containerEnvironment(asked)).not.toHaveProperty('SANDGLASS_SESSION_ID');
  });
});

test.each([
  ['/src', null],
  ['/home/me/src', null],
  ['/', 'cannot take the place'],
  ['/proc', '/proc'],
  ['/proc/1', '/proc'],
  ['/sbin', '/sbin/docker-init'],
  ['/run', '/run/podman-init'],
  ['/src/../proc', 'write /proc'],
  ['/src/', 'write /src'],
])('a folder mounted at %s: %s', (mountAt, objection) => {
  const found = mountPointObjection(mountAt, 'read-only');
  if (objection === null) expect(found).toBeNull();
  else expect(found).toContain(objection);
  expect(mountPointObjection(mountAt, 'none')).toBeNull();
});

test('its labels say whose it is, and until when it is needed', () => {
  const owner = {
    [LABELS.app]: '1',
    [LABELS.installation]: 'i',
    [LABELS.ownerHost]: 'h',
    [LABELS.ownerPid]: '7',
    [LABELS.ownerStart]: '99',
    [LABELS.profile]: 'container',
    [LABELS.container]: 'sandglass-1',
  };
  const session = request({}, { purpose: { role: 'session', sessionId: 'S1', endsAt: 5.5, longestIdleSeconds: 900 } });
  expect(containerLabels(session)).toEqual({
    ...owner,
    [LABELS.session]: 'S1',
    [LABELS.role]: 'session',
    [LABELS.endsAt]: '6',
    [LABELS.idle]: '900',
  });
  const pool = request({}, { purpose: { role: 'pool' } });
  expect(containerLabels(pool)).toEqual({ ...owner, [LABELS.session]: '', [LABELS.role]: 'pool' });
  const surviving = request({ survive: true }, { purpose: { role: 'pool' } });
  expect(containerLabels(surviving)).toEqual({ ...containerLabels(pool), [LABELS.survives]: '1' });
});

test('a container with credentials waits for them, and the engine learns where they will be and nothing else', () => {
  const plain = containerSpec(request());
  const spec = containerSpec(request({}, { commandAfterCredentials: ['/bin/bash', '-l'] }));
  expect(spec.Entrypoint?.slice(0, 2)).toEqual(['/bin/sh', '-c']);
  expect(spec.Entrypoint?.slice(3)).toEqual(['sandglass', '/bin/bash', '-l']);
  expect(spec.Cmd).toEqual([]);
  expect(spec.Env.filter((each) => !plain.Env.includes(each))).toEqual([
    'SANDGLASS_CREDENTIALS=/run/sandglass/credentials',
  ]);
  expect(spec.HostConfig.Tmpfs['/run/sandglass']).toMatch(/^rw,noexec,nosuid,nodev,/);
  expect(mountPointObjection('/run/sandglass/credentials', 'read-only')).toMatch(/\/run\/sandglass/);
});
