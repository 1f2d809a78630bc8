import type { Readable } from 'node:stream';
import * as z from 'zod';
import { createEngineClient, type EngineClient, noBody, type Schema } from '../backends/docker/client/engine-client.ts';

/** How long an engine that has much to do may take, in milliseconds. */
const ANSWER_MS = 60_000;
/** How long images may take to be moved, in milliseconds. */
const IMAGE_MS = 120_000;

const listSchema = z.array(z.object({ Id: z.string() }));
const createdSchema = z.object({ Id: z.string() });
/** Loose: tests make sure of what is nowhere in it, too. */
const inspectionSchema = z.looseObject({
  Image: z.string(),
  State: z.looseObject({ Status: z.string(), Running: z.boolean(), Paused: z.boolean().optional() }),
  Config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }),
});

/** The repository and the tag of an image. */
export interface ImageTag {
  readonly repo: string;
  readonly tag: string;
}

/** What tests do at an engine behind the app's back, and what they ask it. */
export class DockerApi {
  readonly client: EngineClient;

  constructor(socket: string) {
    this.client = createEngineClient({ kind: 'socket', path: socket });
  }

  async ping(timeoutMs = ANSWER_MS): Promise<void> {
    await this.client.call({ method: 'GET', path: '/_ping' }, noBody, { timeoutMs });
  }

  /** Those that run, or all. */
  async listContainers(asked: { all?: boolean; filters?: Record<string, string[]> } = {}): Promise<{ Id: string }[]> {
    const query = { all: String(asked.all ?? false), filters: JSON.stringify(asked.filters ?? {}) };
    return this.client.call({ method: 'GET', path: '/containers/json', query }, listSchema, { timeoutMs: ANSWER_MS });
  }

  async createContainer(spec: object): Promise<ContainerHandle> {
    const request = { method: 'POST', path: '/containers/create', body: spec } as const;
    const { Id } = await this.client.call(request, createdSchema, { timeoutMs: ANSWER_MS });
    return this.getContainer(Id);
  }

  getContainer(id: string): ContainerHandle {
    return new ContainerHandle(this.client, id);
  }

  async hasImage(image: string, timeoutMs: number): Promise<boolean> {
    const { status } = await this.client.request({ method: 'GET', path: `/images/${image}/json` }, { timeoutMs });
    return status === 200;
  }

  async removeImage(image: string): Promise<void> {
    const request = { method: 'DELETE', path: `/images/${image}`, query: { force: 'true' } } as const;
    await this.client.call(request, noBody, { timeoutMs: ANSWER_MS });
  }

  async tagImage(image: string, to: ImageTag): Promise<void> {
    const request = { method: 'POST', path: `/images/${image}/tag`, query: { ...to } } as const;
    await this.client.call(request, noBody, { timeoutMs: ANSWER_MS });
  }

  /** Makes an image of the files of a tar archive. */
  async importImage(archive: Readable, { repo, tag }: ImageTag): Promise<void> {
    await this.#move('/images/create', { fromSrc: '-', repo, tag }, archive);
  }

  async pull(image: string, timeoutMs: number): Promise<void> {
    await this.#move('/images/create', { fromImage: image }, undefined, timeoutMs);
  }

  /** Copies an image of another engine. */
  async copyImage(from: DockerApi, image: string): Promise<void> {
    const signal = AbortSignal.timeout(IMAGE_MS);
    await this.#move(
      '/images/load',
      {},
      await from.client.stream({ method: 'GET', path: `/images/${image}/get` }, signal),
    );
  }

  /** The engine reports a failure as a line among those of its progress. */
  async #move(path: string, query: Record<string, string>, body?: Readable, timeoutMs = IMAGE_MS): Promise<void> {
    const request = { method: 'POST', path, query, ...(body === undefined ? {} : { body }) } as const;
    const progress = await this.client.call(request, progressSchema, { timeoutMs });
    const failure = /"error":.*/.exec(progress)?.[0];
    if (failure !== undefined) throw new Error(failure);
  }
}

const progressSchema: Schema<string> = {
  parse: (body) => (typeof body === 'string' ? body : JSON.stringify(body)),
};

/** One container of an engine. All reject when the engine refuses. */
class ContainerHandle {
  readonly id: string;
  readonly #client: EngineClient;

  constructor(client: EngineClient, id: string) {
    this.#client = client;
    this.id = id;
  }

  start(): Promise<void> {
    return this.#post('start');
  }

  kill(signal = 'SIGKILL'): Promise<void> {
    return this.#post('kill', { signal });
  }

  pause(): Promise<void> {
    return this.#post('pause');
  }

  rename(name: string): Promise<void> {
    return this.#post('rename', { name });
  }

  inspect(): Promise<z.infer<typeof inspectionSchema>> {
    const request = { method: 'GET', path: `/containers/${this.id}/json` } as const;
    return this.#client.call(request, inspectionSchema, { timeoutMs: ANSWER_MS });
  }

  /** Makes an image of the container; `changes` are lines of a Dockerfile. */
  async commit({ repo, tag }: ImageTag, changes?: string): Promise<void> {
    const query = { container: this.id, repo, tag, ...(changes === undefined ? {} : { changes }) };
    await this.#client.call({ method: 'POST', path: '/commit', query }, noBody, { timeoutMs: ANSWER_MS });
  }

  /** Removes it by force, with its volumes. */
  async remove(): Promise<void> {
    const query = { force: 'true', v: 'true' };
    const request = { method: 'DELETE', path: `/containers/${this.id}`, query } as const;
    await this.#client.call(request, noBody, { timeoutMs: ANSWER_MS });
  }

  async #post(action: string, query: Record<string, string> = {}): Promise<void> {
    const request = { method: 'POST', path: `/containers/${this.id}/${action}`, query } as const;
    await this.#client.call(request, noBody, { timeoutMs: ANSWER_MS });
  }
}

/** The repository and the tag of `repo:tag`. */
export function imageTag(image: string): ImageTag {
  const [repo = '', tag = ''] = image.split(':');
  return { repo, tag };
}
