import type { StartFailure } from '../../../../shared/session.ts';
import type { BackendListener, StartResult, StartSpec } from '../../backend.ts';
import { terminalSize } from '../../pty/terminal-size.ts';
import type { ContainerAllocator } from '../container/container-allocator.ts';
import { sessionTemplate } from '../container/container-template.ts';
import type { DockerProcess } from '../container/docker-process.ts';
import { ABORTED } from '../container/start-failures.ts';
import type { Pool } from './pool.ts';
import type { RunningContainers } from './running-containers.ts';
import { survivalOf } from './survival.ts';

/** What a session is started with. */
export interface SessionStartParts {
  readonly allocator: ContainerAllocator;
  readonly pool: Pool;
  readonly running: RunningContainers;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** Starts a session in a container that was kept ready, or else in a new one. */
export async function startSession(
  { allocator, pool, running, wall }: SessionStartParts,
  spec: StartSpec,
  listener: BackendListener,
  signal: AbortSignal,
): Promise<StartResult> {
  const template = sessionTemplate(spec);
  if (template === null) throw new TypeError('a session of the docker backend needs a container to set up');
  if (signal.aborted) return { ok: false, failure: ABORTED };
  const size = terminalSize(spec);
  let process = await pool.take(template);
  if (process === null) {
    const { sessionId, endsAt, longestIdleSeconds = null } = spec;
    const purpose = { role: 'session', sessionId, endsAt, longestIdleSeconds } as const;
    const onProgress: NonNullable<BackendListener['onProgress']> = (progress) => listener.onProgress?.(progress);
    const made = await allocator.allocate(template, { purpose, size, onProgress }, signal);
    if (!made.ok) return made;
    process = made.allocated.process;
    pool.noteImage(template.options.image, made.allocated.imageId);
  } else process.resize(size.cols, size.rows);
  running.track(process);
  const failure = signal.aborted ? ABORTED : await giveCredentials(process, spec, signal);
  if (failure !== null) {
    await process.terminate(0);
    return { ok: false, failure };
  }
  if (template.options.survive) process.survive(survivalOf(spec, wall()));
  process.handOver(listener);
  return { ok: true, process };
}

/** Gives a container its credentials, if it waits for some. @returns why its shell does not begin. */
async function giveCredentials(
  process: DockerProcess,
  { credentials }: StartSpec,
  signal: AbortSignal,
): Promise<StartFailure | null> {
  if (credentials === undefined || credentials.names.length === 0) return null;
  const why = await process.begin(credentials.take());
  if (signal.aborted) return ABORTED;
  if (why === null) return null;
  const hint = 'Try again, or use an image with a usual shell.';
  return { stage: 'credentials', message: `The credentials could not be put into the container. ${why}`, hint };
}
