import { setTimeout as pause } from 'node:timers/promises';
import Docker from 'dockerode';
import { LABELS } from '../backends/docker/fleet/labels.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What the tests of a suite need that not every machine has; the reason when they are skipped. */
    needs?: string;
  }
}

/** The container engine that tests use, with an image that they run containers from; or why there is none. */
export type TestEngine =
  | {
      readonly ok: true;
      readonly docker: Docker;
      /** As `DOCKER_HOST` names it. */
      readonly host: string;
      /** An image with bash and the usual tools of Debian. */
      readonly image: string;
    }
  | { readonly ok: false; readonly why: string };

/** Where Docker listens unless told otherwise. */
const DEFAULT_HOST = 'unix:///var/run/docker.sock';
/** What `.ci/run` builds: Debian with procps, less and vi. */
const BUILT_IMAGE = 'sandglass-test:latest';
/** What anybody can pull; what it lacks, tests ask for before they use it. */
const PUBLIC_IMAGE = 'debian:bookworm-slim';
/** How long a pull of the public image may take, in milliseconds. */
const PULL_MS = 120_000;
const ANSWER_MS = 5_000;

/**
 * Finds the engine at `DOCKER_HOST` or where Docker listens by default, and the image: the one that
 * `SANDGLASS_TEST_IMAGE` names, or the first of those known that is there, or else is pulled. Never rejects.
 */
export async function findTestEngine(): Promise<TestEngine> {
  const host = process.env.DOCKER_HOST || DEFAULT_HOST;
  if (!host.startsWith('unix://')) return { ok: false, why: `a container engine on this machine (not ${host})` };
  const docker = new Docker({ socketPath: host.slice('unix://'.length) });
  const answered = await within(ANSWER_MS, docker.ping()).catch(() => null);
  if (answered === null) return { ok: false, why: `a container engine (none answers at ${host})` };
  const chosen = process.env.SANDGLASS_TEST_IMAGE;
  for (const image of chosen === undefined ? [BUILT_IMAGE, PUBLIC_IMAGE] : [chosen]) {
    if (await hasImage(docker, image)) return { ok: true, docker, host, image };
  }
  const image = chosen ?? PUBLIC_IMAGE;
  try {
    await within(PULL_MS, pull(docker, image));
    return { ok: true, docker, host, image };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, why: `an image to run containers from (${image} cannot be pulled: ${reason})` };
  }
}

/** Options of a `describe` whose tests need this: where it is missing, the summary of `npm test` says so. */
export function needs(what: { readonly ok: true } | { readonly ok: false; readonly why: string }): {
  meta?: { needs: string };
} {
  return what.ok ? {} : { meta: { needs: `needs ${what.why}` } };
}

/** The ids of all containers of one installation of the app. */
export async function containersOf(docker: Docker, installation: string): Promise<string[]> {
  const filters = { label: [`${LABELS.installation}=${installation}`] };
  const all = await docker.listContainers({ all: true, filters });
  return all.map(({ Id }) => Id);
}

/** Removes whatever a test has left, for the tests after it. */
export async function removeContainers(docker: Docker, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => docker.getContainer(id).remove({ force: true, v: true }).catch(ignoreGone)));
}

async function hasImage(docker: Docker, image: string): Promise<boolean> {
  const info = await within(ANSWER_MS, docker.getImage(image).inspect()).catch(() => null);
  return info !== null;
}

async function pull(docker: Docker, image: string): Promise<void> {
  const stream = await docker.pull(image);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** What is being removed already, or is gone, is no failure. */
function ignoreGone(error: unknown): void {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  if (status !== 404 && status !== 409) throw error;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const late = pause(ms, null, { signal: ended.signal }).then(() => {
    throw new Error(`no answer within ${ms / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => {
      // It lost, or was told to the caller.
    });
    work.catch(() => {
      // Likewise.
    });
  }
}
