import type { ContainerInfo, IsolationItem, SessionInfo, StartProgress } from '../../shared/session.ts';
import { endedWith, fakeSession } from './fake-session.ts';

const closed = (...texts: string[]): IsolationItem[] => texts.map((text) => ({ text, open: false }));
const open = (...texts: string[]): IsolationItem[] => texts.map((text) => ({ text, open: true }));

const CONTAINER: ContainerInfo = {
  id: '4f8c2d1be07a93c6'.repeat(4),
  name: 'sandglass-01kahvx2',
  image: 'debian:bookworm-slim',
  imageId: `sha256:${'1f'.repeat(32)}`,
  digest: `debian@sha256:${'a3'.repeat(32)}`,
  engine: 'Docker 28.2.2',
  pooled: true,
};

function container(n: number, change: Partial<SessionInfo> = {}): SessionInfo {
  return fakeSession(n, {
    profileId: 'container',
    profileName: 'Container',
    backend: 'docker',
    title: 'debian',
    containment: 'container',
    container: CONTAINER,
    isolation: closed('container', 'no network', 'read-only root', '/src read-write', 'uid 1000', '512 MB', '1 CPU'),
    ...change,
  });
}

function sandbox(n: number, change: Partial<SessionInfo> = {}): SessionInfo {
  return fakeSession(n, {
    profileId: 'review',
    profileName: 'Review a pull request',
    backend: 'bubblewrap',
    title: 'pr 142',
    containment: 'namespace',
    isolation: closed('bubblewrap', 'no network', 'read-only system', '~/src/sandglass read-write', '2 GB'),
    ...change,
  });
}

const loosened = (n: number, change: Partial<SessionInfo> = {}): SessionInfo =>
  container(n, {
    profileId: 'build',
    profileName: 'Build with network',
    title: 'build',
    container: { ...CONTAINER, digest: null, pooled: false, image: 'sandglass-build:latest' },
    isolation: [
      ...closed('container'),
      ...open('network bridge', 'writable root'),
      ...closed('/src read-write', 'uid 1000', '512 MB', '1 CPU'),
    ],
    ...change,
  });

const starting = (progress: StartProgress | null): SessionInfo =>
  container(1, { state: 'starting', isolation: [], container: null, pid: null, progress });

const failed = (n: number, change: Partial<SessionInfo>, failure: Parameters<typeof endedWith>[0]['failure']) =>
  container(n, {
    state: 'ended',
    isolation: [],
    container: null,
    recording: { state: 'none', bytes: 0, message: null },
    end: endedWith({
      reason: 'start_failed',
      limitSeconds: null,
      signal: null,
      durationSeconds: 0,
      failure: failure ?? null,
    }),
    ...change,
  });

/** Frozen: its idle timeout rests. */
const frozen = (info: SessionInfo): SessionInfo => ({
  ...info,
  state: 'frozen',
  timing: { ...info.timing, idleRemainingMs: null },
});

const ENDED_RECORDING = { state: 'closed', bytes: 1_284_113, message: null } as const;

/** Sessions in sandboxes and containers. */
export const SANDBOX_SCENES: Readonly<Record<string, () => SessionInfo[]>> = {
  sandboxes: () => [container(1), sandbox(2), loosened(3), fakeSession(4)],
  loosened: () => [loosened(1), container(2)],
  starting: () => [starting(null), fakeSession(2)],
  pulling: () => [
    starting({
      stage: 'pull',
      message: 'Pulling debian:bookworm-slim',
      detail: '3 of 5 layers · 12 of 48 MB',
      fraction: 0.25,
    }),
    fakeSession(2),
  ],
  creating: () => [
    starting({ stage: 'create', message: 'Creating the container', detail: '', fraction: null }),
    fakeSession(2),
  ],
  noEngine: () => [
    failed(
      1,
      {},
      {
        stage: 'engine',
        message: 'Nothing listens at unix:///var/run/docker.sock.',
        hint: 'Start Docker or Podman, or set DOCKER_HOST to where it listens.',
      },
    ),
    fakeSession(2),
  ],
  noImage: () => [
    failed(
      1,
      {},
      {
        stage: 'pull',
        message: 'The registry does not know debian:bookwurm-slim, or asks for a login.',
        hint: 'Check the name of the image in the profile. For a private registry, log in with docker login.',
      },
    ),
  ],
  noSandbox: () => [
    failed(
      1,
      { backend: 'bubblewrap', profileId: 'sandbox', profileName: 'Sandbox (bubblewrap)', title: 'bash' },
      {
        stage: 'sandbox',
        message: 'AppArmor does not let bubblewrap make a user namespace.',
        hint: 'Allow it with: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
      },
    ),
  ],
  cancelled: () => [
    failed(
      1,
      {},
      { stage: 'aborted', message: 'It was cancelled while the image was pulled.', hint: 'Retry starts it again.' },
    ),
  ],
  frozen: () => [frozen(container(1)), sandbox(2), frozen(loosened(3))],
  outOfMemory: () => [
    container(1, {
      state: 'ended',
      recording: ENDED_RECORDING,
      end: endedWith({
        reason: 'out_of_memory',
        exitCode: 137,
        signal: null,
        limitSeconds: null,
        detail: 'The kernel ended bash, which had reached the container’s 512 MB',
      }),
    }),
  ],
  backendLost: () => [
    container(1, {
      state: 'ended',
      recording: ENDED_RECORDING,
      end: endedWith({
        reason: 'backend_lost',
        signal: null,
        limitSeconds: null,
        detail: 'Docker at unix:///var/run/docker.sock stopped answering',
      }),
    }),
    fakeSession(2),
  ],
};
