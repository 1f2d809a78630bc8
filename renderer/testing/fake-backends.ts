import type { BackendStatus, EngineOffers } from '../../shared/backends.ts';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, type Profile } from '../../shared/profile.ts';

const nothingElse = { args: [], environment: {}, limits: {}, recording: 'on' } as const;

/** Made-up profiles beside the presets: a folder to write in, and a loosened container, both with credentials. */
export const FAKE_PROFILES: readonly Profile[] = [
  {
    id: 'review',
    name: 'Review a pull request',
    backend: 'bubblewrap',
    ...nothingElse,
    args: [],
    credentials: [
      {
        env: 'GITHUB_TOKEN',
        source: { kind: 'command', command: 'gh', args: ['auth', 'token'] },
        ttlSeconds: 3_600,
        required: false,
      },
    ],
    folder: '/home/you/src/sandglass',
    bubblewrap: { ...DEFAULT_BUBBLEWRAP, folderAccess: 'read-write' },
  },
  {
    id: 'build',
    name: 'Build with network',
    backend: 'docker',
    ...nothingElse,
    args: [],
    limits: { maxCommands: 200, onExpiry: 'freeze', thawWindowSeconds: 300, closeGraceSeconds: 5 },
    credentials: [
      { env: 'NPM_TOKEN', source: { kind: 'stored', name: 'npm-token' }, ttlSeconds: 0, required: true },
      {
        env: 'DEPLOY_KEY',
        source: { kind: 'file', file: '/home/you/.config/deploy/key' },
        ttlSeconds: 86_400,
        required: false,
      },
    ],
    folder: '/home/you/src/sandglass',
    container: {
      ...DEFAULT_CONTAINER,
      image: 'node:24-bookworm-slim',
      folderAccess: 'read-write',
      network: 'bridge',
      readOnlyRoot: false,
      pool: 1,
      survive: true,
    },
  },
];

const LOCAL: BackendStatus = { kind: 'pty', state: 'available', message: 'A local shell', found: [] };

const BUBBLEWRAP: BackendStatus = {
  kind: 'bubblewrap',
  state: 'available',
  message: 'bubblewrap 0.8.0',
  found: [
    { text: 'bubblewrap', open: false },
    { text: 'no network', open: false },
    { text: 'read-only system', open: false },
  ],
};

const DOCKER: BackendStatus = {
  kind: 'docker',
  state: 'available',
  message: 'Docker 28.2.2 at unix:///var/run/docker.sock',
  found: [{ text: 'container', open: false }],
};

const NO_DOCKER: BackendStatus = {
  kind: 'docker',
  state: 'unavailable',
  message: 'Docker cannot be reached',
  hint: 'Nothing listens at unix:///var/run/docker.sock. Start Docker or Podman, or set DOCKER_HOST.',
};

const NO_BUBBLEWRAP: BackendStatus = {
  kind: 'bubblewrap',
  state: 'unavailable',
  message: 'User namespaces are blocked by AppArmor',
  hint: 'Run: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
};

/** What is available on the made-up machine, by `?backends=`. */
export const FAKE_BACKENDS: Readonly<Record<string, readonly BackendStatus[]>> = {
  all: [LOCAL, BUBBLEWRAP, DOCKER],
  checking: [LOCAL, { kind: 'bubblewrap', state: 'checking' }, { kind: 'docker', state: 'checking' }],
  none: [LOCAL, NO_BUBBLEWRAP, NO_DOCKER],
  noDocker: [LOCAL, BUBBLEWRAP, NO_DOCKER],
};

const DAY_MS = 86_400_000;

/** What the made-up container engine has. */
export const FAKE_OFFERS: EngineOffers = {
  images: [
    {
      name: 'debian:bookworm-slim',
      id: `sha256:${'1f'.repeat(32)}`,
      bytes: 74_812_000,
      createdAt: Date.now() - DAY_MS,
    },
    {
      name: 'node:24-bookworm-slim',
      id: `sha256:${'2e'.repeat(32)}`,
      bytes: 221_400_000,
      createdAt: Date.now() - 9 * DAY_MS,
    },
    { name: 'alpine:3.22', id: `sha256:${'3d'.repeat(32)}`, bytes: 8_310_000, createdAt: Date.now() - 40 * DAY_MS },
  ],
  networks: ['bridge', 'dev'],
  runtimes: ['runc', 'runsc'],
};
