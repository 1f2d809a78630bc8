import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Backend } from '../electron/backends/backend.ts';
import { createBubblewrapBackend } from '../electron/backends/bubblewrap/bubblewrap.ts';
import { createDockerEngine } from '../electron/backends/docker/client/docker-engine.ts';
import { createDockerBackend } from '../electron/backends/docker/docker.ts';
import { LABELS } from '../electron/backends/docker/fleet/labels.ts';
import { findNow, linuxProcesses } from '../electron/processes/linux-processes.ts';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, type ProfileOf } from '../shared/profile.ts';
import { IMAGE, MOUNT } from './bare-sandboxes.ts';
import { quiet } from './core.ts';
import { PROMPT } from './prompt-watch.ts';

const run = promisify(execFile);
const INSTALLATION = 'bench';
/** After its container runs, how long a place in the pool gets to be attached and show its prompt, in milliseconds. */
const ATTACH_MS = 400;
const LOOK_MS = 50;

const COMMON = { environment: { PS1: PROMPT }, limits: { closeGraceSeconds: 0 }, recording: 'on' } as const;

/** What a sandbox is to run: a shell, and a folder that it sees. */
export interface Wanted {
  readonly shell: string;
  readonly args: readonly string[];
  readonly folder: string;
}

/** A profile of the container preset, with the measured image. `pool`: how many are kept ready. */
export function containerProfile(wanted: Wanted, pool: number): ProfileOf<'docker'> {
  // The user in the container is not the one who measures.
  chmodSync(wanted.folder, 0o755);
  return {
    ...COMMON,
    id: pool > 0 ? 'pooled' : 'cold',
    name: 'Container',
    backend: 'docker',
    shell: wanted.shell,
    args: [...wanted.args],
    credentials: [],
    folder: wanted.folder,
    container: { ...DEFAULT_CONTAINER, image: IMAGE, pull: 'never', folderAccess: 'read-only', mountAt: MOUNT, pool },
  };
}

/** A profile of the sandbox preset. */
export function bubblewrapProfile(wanted: Wanted): ProfileOf<'bubblewrap'> {
  return {
    ...COMMON,
    id: 'sandbox',
    name: 'Sandbox',
    backend: 'bubblewrap',
    shell: wanted.shell,
    args: [...wanted.args],
    credentials: [],
    folder: wanted.folder,
    bubblewrap: { ...DEFAULT_BUBBLEWRAP, folderAccess: 'read-write' },
  };
}

/** The product's sandbox backend, in this process. */
export function bubblewrapBackend(): Backend {
  return createBubblewrapBackend({ log: quiet, environment: process.env });
}

/** Resolves when the one container that is kept ready is ready, so that no other contender shares the machine with its making. */
export async function poolIsFull(): Promise<void> {
  const filters = [`label=${LABELS.role}=pool`, `label=${LABELS.installation}=${INSTALLATION}`];
  for (;;) {
    const { stdout } = await run('docker', ['ps', '-q', ...filters.flatMap((filter) => ['--filter', filter])]);
    if (stdout.trim() !== '') break;
    await delay(LOOK_MS);
  }
  await delay(ATTACH_MS);
}

/** The product's container backend, in this process. @throws when there is no engine */
export async function dockerBackend(): Promise<Backend & { close(): Promise<void> }> {
  const engine = createDockerEngine({ onError: () => {} });
  await engine.check();
  if (engine.status.state !== 'available') throw new Error('There is no container engine to measure with.');
  const backend = createDockerBackend({
    engine,
    log: quiet,
    environment: process.env,
    owner: {
      installation: INSTALLATION,
      host: hostname(),
      pid: process.pid,
      start: findNow(process.pid)?.startedAt ?? 0,
    },
    forbiddenFolders: [],
    processes: linuxProcesses,
  });
  return {
    ...backend,
    status: backend.status,
    async close() {
      await backend.close?.();
      engine.close();
    },
  };
}
