import { EngineRefusal } from '../backends/docker/client/engine-errors.ts';
import { LABELS } from '../backends/docker/fleet/labels.ts';
import { DockerApi } from './docker-api.ts';

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
      readonly docker: DockerApi;
      /** As `DOCKER_HOST` names it. */
      readonly host: string;
      /** An image with bash and the usual tools of Debian. */
      readonly image: string;
    }
  | { readonly ok: false; readonly why: string };

/** Where Docker listens by default. */
const DEFAULT_HOST = 'unix:///var/run/docker.sock';
/** What `.ci/run` builds: Debian with procps, less and vi. */
const BUILT_IMAGE = 'sandglass-test:latest';
/** What anyone can pull; what it lacks, tests ask for before they use it. */
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
  const docker = new DockerApi(host.slice('unix://'.length));
  try {
    await docker.ping(ANSWER_MS);
  } catch {
    return { ok: false, why: `a container engine (none answers at ${host})` };
  }
  const chosen = process.env.SANDGLASS_TEST_IMAGE;
  for (const image of chosen === undefined ? [BUILT_IMAGE, PUBLIC_IMAGE] : [chosen]) {
    if (await docker.hasImage(image, ANSWER_MS).catch(() => false)) return { ok: true, docker, host, image };
  }
  const image = chosen ?? PUBLIC_IMAGE;
  try {
    await docker.pull(image, PULL_MS);
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
export async function containersOf(docker: DockerApi, installation: string): Promise<string[]> {
  const filters = { label: [`${LABELS.installation}=${installation}`] };
  const all = await docker.listContainers({ all: true, filters });
  return all.map(({ Id }) => Id);
}

/** Removes whatever a test has left, for the tests after it. */
export async function removeContainers(docker: DockerApi, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => docker.getContainer(id).remove().catch(ignoreGone)));
}

/** What is being removed already, or is gone, is no failure. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof EngineRefusal) || (error.status !== 404 && error.status !== 409)) throw error;
}
