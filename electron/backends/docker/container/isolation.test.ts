import { describe, expect, test } from 'vitest';
import { type ContainerOptions, DEFAULT_CONTAINER } from '../../../../shared/profile.ts';
import { type Inspection, inspectionSchema } from '../client/inspection.ts';
import { capabilitiesIn } from '../client/linux-capabilities.ts';
import { uidInside } from './host-view.ts';
import { describeIsolation, type Found, type KernelView, shortfalls } from './isolation.ts';

const HOST = {
  Memory: 536_870_912,
  MemorySwap: 536_870_912,
  NanoCpus: 1_000_000_000,
  PidsLimit: 256,
  NetworkMode: 'none',
  CapAdd: null,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  ReadonlyRootfs: true,
  Privileged: false,
  PidMode: '',
  IpcMode: 'private',
  Runtime: 'runc',
  LogConfig: { Type: 'none' },
};

function inspection(host: object = {}, rest: object = {}): Inspection {
  return inspectionSchema.parse({
    Id: 'a',
    Name: '/a',
    Image: 'sha256:a',
    State: { Running: true, Pid: 7, ExitCode: 0 },
    Config: { User: '1000:1000' },
    Mounts: [],
    HostConfig: { ...HOST, ...host },
    ...rest,
  });
}

const KERNEL: KernelView = { uid: 1000, capabilities: [], noNewPrivileges: true, seccomp: true };
const found = (host: object = {}, rest: object = {}, kernel: KernelView | null = KERNEL): Found => ({
  inspection: inspection(host, rest),
  kernel,
  securityOptions: ['seccomp,profile=default'],
});
const labels = (what: Found): string =>
  describeIsolation(what)
    .map(({ text, open }) => (open ? `${text}!` : text))
    .join(', ');
const missing = (what: Found, options: Partial<ContainerOptions> = {}, folder: string | null = null): string[] =>
  shortfalls({ options: { ...DEFAULT_CONTAINER, ...options }, folder, identity: null }, what);

describe('the badge', () => {
  test.each<[string, Found]>([
    ['container, no network, read-only root, uid 1000, 512 MB, 1 CPU, 256 processes', found()],
    [
      'container, no network, read-only root, /src read-write, uid 1000, 512 MB, 1 CPU, 256 processes',
      found({}, { Mounts: [{ Type: 'bind', Source: '/a', Destination: '/src', RW: true }] }),
    ],
    [
      'container, no network, read-only root, /src read-only, /data read-write (volume of the image)!, uid 1000, 512 MB, 1 CPU, 256 processes',
      found(
        {},
        {
          Mounts: [
            { Type: 'bind', Source: '/a', Destination: '/src', RW: false },
            { Type: 'volume', Source: '/v', Destination: '/data', RW: true },
          ],
        },
      ),
    ],
    [
      'container (runsc), network mine!, writable root!, root user!, no memory limit!, no CPU limit!, no process limit!, may KILL!, may gain privileges!, no seccomp filter!',
      {
        ...found(
          {
            Runtime: 'runsc',
            NetworkMode: 'mine',
            ReadonlyRootfs: false,
            Memory: 0,
            NanoCpus: 0,
            PidsLimit: null,
            CapAdd: ['CAP_KILL'],
            SecurityOpt: null,
          },
          { Config: { User: 'root' } },
          null,
        ),
        securityOptions: [],
      },
    ],
    [
      'container, no network, read-only root, user node, 0.5 MB, 0.25 CPUs, 256 processes, swap not limited!',
      found(
        { Memory: 524_288, MemorySwap: -1, NanoCpus: 0, CpuQuota: 25_000, CpuPeriod: 100_000 },
        { Config: { User: 'node:node' } },
        null,
      ),
    ],
    [
      'container, no network, read-only root, root user!, 512 MB, 1 CPU, 256 processes, may NET_RAW!',
      found({}, {}, { ...KERNEL, uid: 0, capabilities: ['NET_RAW'] }),
    ],
  ])('%s', (expected, what) => {
    expect(labels(what)).toBe(expected);
  });
});

describe('what was asked for and is not there', () => {
  test('nothing, where all is as it should be', () => {
    expect(missing(found())).toEqual([]);
    expect(missing(found({}, {}, null))).toEqual([]);
  });

  test('nothing, for Podman, which names each capability that it dropped', () => {
    const podman = {
      CapDrop: [
        'CHOWN',
        'DAC_OVERRIDE',
        'FOWNER',
        'FSETID',
        'KILL',
        'SETFCAP',
        'SETGID',
        'SETPCAP',
        'SETUID',
        'SYS_CHROOT',
      ],
      PidMode: 'private',
      // What it calls an IPC namespace of the container's own.
      IpcMode: 'shareable',
      Runtime: 'oci',
      SecurityOpt: ['no-new-privileges:true'],
    };
    expect(missing(found(podman, {}, null))).toEqual([]);
  });

  test.each<[string, object, Partial<ContainerOptions>]>([
    ['The memory limit of 512 MB is not kept by the engine', { Memory: 0 }, {}],
    ['The limit of 256 processes is not kept by the engine', { PidsLimit: null }, {}],
    ['The limit of 1 CPUs is not kept by the engine', { NanoCpus: 0 }, {}],
    ['The container is privileged', { Privileged: true }, {}],
    ['The container shares its processes with others', { PidMode: 'host' }, {}],
    ['The container shares memory with others', { IpcMode: 'container:0123456789ab' }, {}],
    ['The container shares the host’s name', { UTSMode: 'host' }, {}],
    ['The container has devices of the machine', { Devices: [{}] }, {}],
    ['The network is bridge, not none', { NetworkMode: 'bridge' }, {}],
    ['The network is host, not mine', { NetworkMode: 'host' }, { network: 'mine' }],
    ['The network is container:a, not mine', { NetworkMode: 'container:a' }, { network: 'mine' }],
    ['The root file system is not read-only', { ReadonlyRootfs: false }, {}],
    ['The runtime is runc, not runsc', {}, { runtime: 'runsc' }],
    ['The engine keeps a log of what the terminal shows', { LogConfig: { Type: 'json-file' } }, {}],
    ['Programs in the container may gain privileges', { SecurityOpt: [] }, {}],
    ['The container runs without a seccomp filter', { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }, {}],
  ])('%s', (message, host, options) => {
    expect(missing(found(host), options)).toEqual([message]);
  });

  test('what the kernel says counts', () => {
    expect(missing(found({}, {}, { ...KERNEL, noNewPrivileges: false }))).toEqual([
      'Programs in the container may gain privileges',
    ]);
    expect(missing(found({}, {}, { ...KERNEL, capabilities: ['SYS_ADMIN'] }))).toEqual([
      'The container has capabilities that it was not given: SYS_ADMIN',
    ]);
    expect(missing(found({}, {}, { ...KERNEL, uid: 0 }))).toEqual(['The container runs as uid 0, not 1000']);
    expect(missing(found({ CapDrop: [] }, {}, null))).toEqual([
      'The engine did not take away the container’s capabilities',
    ]);
  });

  test('a folder that is not there, is writable, or is not ours', () => {
    const mount = (destination: string, writable: boolean): object => ({
      Mounts: [{ Type: 'bind', Source: '/a', Destination: destination, RW: writable }],
    });
    const readOnly = { folderAccess: 'read-only' } as const;
    expect(missing(found(), readOnly, '/a')).toEqual(['The folder is not at /src']);
    expect(missing(found({}, mount('/src', true)), readOnly, '/a')).toEqual(['/src is not read-only']);
    expect(missing(found({}, mount('/src', false)), readOnly, '/a')).toEqual([]);
    expect(missing(found({}, mount('/etc', false)))).toEqual(['The container has /etc of the machine']);
  });
});

test('capabilities are named by their bits', () => {
  expect(capabilitiesIn(0n)).toEqual([]);
  expect(capabilitiesIn(0xa80425fbn)).toEqual(
    'CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP'.split(
      ' ',
    ),
  );
  expect(capabilitiesIn(1n << 50n)).toEqual(['number 50']);
});

test.each([
  [1000, '         0          0 4294967295\n', 1000],
  [101_000, '0 100000 65536\n', 1000],
  [1000, '0 1000 1\n1 100000 65536\n', 0],
  [5, '0 100000 65536\n', null],
  [5, null, null],
])('uid %i of the machine, by the map %j, is %s inside', (uid, map, inside) => {
  expect(uidInside(uid, map)).toBe(inside);
});
