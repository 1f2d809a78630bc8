import { z } from 'zod';
import type { ContainerOptions } from '../../../../shared/profile.ts';
import type { StartFailure, StartProgress } from '../../../../shared/session.ts';
import type { ImageResult } from '../client/engine.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { readBody } from '../client/engine-client.ts';
import type { Link } from '../client/engine-link.ts';
import { reasonIn } from '../client/engine-text.ts';
import { jsonLines } from '../client/json-lines.ts';
import { explainPull } from './pull-failures.ts';
import { followLayers } from './pull-progress.ts';
import { pathInRegistry, type RegistryAuth, type RegistryCredentials, registryOf } from './registry-credentials.ts';

/** `GET /images/{name}/json`, as far as it is used. */
const imageSchema = z.object({
  Id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  RepoDigests: z.array(z.string()).nullish(),
  Os: z.string().nullish(),
});

const INSPECT_TIMEOUT_MS = 15_000;

/** The repository and the tag or digest that an image reference means. */
export interface ImageName {
  readonly repository: string;
  /** `latest` unless the reference says otherwise: a pull without a tag would fetch all of them. */
  readonly tag: string;
}

/** Splits a reference (https://pkg.go.dev/github.com/distribution/reference); null where it cannot be one. */
export function splitReference(reference: string): ImageName | null {
  // These would make another path of the engine's API of it.
  if (reference.split('/').some((part) => part === '' || part === '.' || part === '..')) return null;
  const [name = '', digest, ...more] = reference.split('@');
  if (more.length > 0 || digest === '') return null;
  const colon = name.lastIndexOf(':');
  const isTagged = colon > name.lastIndexOf('/');
  const repository = isTagged ? name.slice(0, colon) : name;
  const tag = digest ?? (isTagged ? name.slice(colon + 1) : 'latest');
  return repository === '' || tag === '' ? null : { repository, tag };
}

/** Makes sure of the image as the policy says. Never rejects for what an engine or a registry does. */
export async function makeImageReady(
  engine: Pick<Link, 'client' | 'info' | 'signal' | 'confirm'> & { readonly credentials: RegistryCredentials },
  { image: reference, pull }: Pick<ContainerOptions, 'image' | 'pull'>,
  onProgress: (progress: StartProgress) => void,
  signal: AbortSignal,
): Promise<ImageResult> {
  const name = splitReference(reference);
  if (name === null) {
    return refuse({
      stage: 'image',
      message: `“${reference}” is not an image name.`,
      hint: 'Correct the image in the profile.',
    });
  }
  const both = new AbortController();
  const abort = (): void => both.abort(new Error('aborted'));
  for (const source of [signal, engine.signal]) {
    source.addEventListener('abort', abort);
    if (source.aborted) abort();
  }
  try {
    if (pull !== 'always') {
      const found = await inspect(engine.client, reference, name, both.signal);
      if (found !== null) return found;
      if (pull === 'never') {
        return refuse({
          stage: 'image',
          message: `The engine does not have the image ${reference}, and the profile never pulls.`,
          hint: 'Choose an image that the engine has, or let the profile pull missing images.',
        });
      }
    }
    const { repository } = name;
    const auth = await engine.credentials.find(registryOf(repository), both.signal, pathInRegistry(repository));
    const failure = await pullImage(engine.client, { reference, name, auth }, onProgress, both.signal);
    if (failure !== null) {
      const isThere = pull === 'always' && (await inspect(engine.client, reference, name, both.signal))?.ok === true;
      return refuse(isThere ? withOlderCopy(failure) : failure);
    }
    const pulled = await inspect(engine.client, reference, name, both.signal);
    return (
      pulled ??
      refuse({ stage: 'pull', message: `The pull of ${reference} ended without an image.`, hint: 'Try again.' })
    );
  } catch (error) {
    if (signal.aborted) {
      return refuse({
        stage: 'aborted',
        message: `The pull of ${reference} was cancelled.`,
        hint: 'Open the tab again to continue.',
      });
    }
    // What broke may have been the engine, which has gone unnoticed so far.
    if (!(await engine.confirm())) {
      const message = `The connection to ${engine.info.name} at ${engine.info.endpoint} was lost.`;
      return refuse({ stage: 'engine', message, hint: 'Start it if it does not come back by itself, and try again.' });
    }
    return refuse(explainPull(reference, error instanceof Error ? error.message : ''));
  } finally {
    signal.removeEventListener('abort', abort);
    engine.signal.removeEventListener('abort', abort);
  }
}

function refuse(failure: StartFailure): ImageResult {
  return { ok: false, failure };
}

/** The image as the engine has it; null when it does not. */
async function inspect(
  client: EngineClient,
  reference: string,
  name: ImageName,
  signal: AbortSignal,
): Promise<ImageResult | null> {
  const bounds = { timeoutMs: INSPECT_TIMEOUT_MS, signal };
  const answer = await client.request({ method: 'GET', path: `/images/${reference}/json` }, bounds);
  if (answer.status === 404) return null;
  const parsed = imageSchema.safeParse(answer.body);
  if (answer.status !== 200 || !parsed.success) {
    const hint = `The engine says: ${reasonIn(answer.body) || `status ${answer.status}`}`;
    return refuse({ stage: 'image', message: `The image ${reference} cannot be inspected.`, hint });
  }
  const { Id: id, RepoDigests, Os } = parsed.data;
  if (typeof Os === 'string' && Os !== '' && Os !== 'linux') {
    const hint = 'Choose a Linux image.';
    return refuse({ stage: 'image', message: `The image ${reference} is not for Linux.`, hint });
  }
  return { ok: true, image: { reference, id, digest: digestIn(RepoDigests ?? [], name) } };
}

/** `name@sha256:…` of this name, else of any. */
function digestIn(digests: readonly string[], { repository }: ImageName): string | null {
  const valid = digests.filter((digest) => /^[A-Za-z0-9._:/-]{1,512}@sha256:[0-9a-f]{64}$/.test(digest));
  return valid.find((digest) => digest.startsWith(`${repository}@`)) ?? valid[0] ?? null;
}

/** The engine has the image, only not a current one: as with the docker command, that is not what the profile asks for. */
function withOlderCopy(failure: StartFailure): StartFailure {
  const hint =
    'The engine has an older copy, but the profile always pulls: let it pull only a missing image to use that copy.';
  return { ...failure, hint: `${hint} ${failure.hint}` };
}

/** @returns null when all of it came. */
async function pullImage(
  client: EngineClient,
  { reference, name, auth }: { readonly reference: string; readonly name: ImageName; readonly auth: RegistryAuth },
  onProgress: (progress: StartProgress) => void,
  signal: AbortSignal,
): Promise<StartFailure | null> {
  const layers = followLayers(reference, onProgress);
  const asked = { registry: registryOf(name.repository), auth };
  try {
    const query = { fromImage: name.repository, tag: name.tag };
    const headers = auth.header === null ? {} : { 'X-Registry-Auth': auth.header };
    const response = await client.stream({ method: 'POST', path: '/images/create', query, headers }, signal);
    if (response.statusCode !== 200) return explainPull(reference, reasonIn(await readBody(response)), asked);
    let problem: string | null = null;
    response.on(
      'data',
      jsonLines((value) => {
        problem ??= layers.take(value);
      }),
    );
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
    });
    signal.throwIfAborted();
    if (problem !== null) return explainPull(reference, problem, asked);
    if (!response.complete) throw new Error('the engine broke off');
    return null;
  } finally {
    layers.end();
  }
}
