import { z } from 'zod';
import type { EngineOffers, ImageInfo } from '../../../../shared/backends.ts';
import type { EngineClient } from './engine-client.ts';

/** `GET /images/json` and `GET /networks`, as far as they are used. */
const imagesSchema = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Size: z.number(),
    Created: z.number(),
  }),
);
const networksSchema = z.array(
  z.object({
    Name: z.string(),
    Driver: z.string(),
    Scope: z.string().nullish(),
    Attachable: z.boolean().nullish(),
    Ingress: z.boolean().nullish(),
  }),
);

const TIMEOUT_MS = 15_000;
/** The most of each that is offered. */
const MAX_OFFERS = 500;

/** What the engine offers to a profile. Rejects when it cannot be asked. */
export async function listOffers(
  client: EngineClient,
  runtimes: readonly string[],
  signal: AbortSignal,
): Promise<EngineOffers> {
  const get = (path: string) => client.request({ method: 'GET', path }, { timeoutMs: TIMEOUT_MS, signal });
  const [images, networks] = await Promise.all([get('/images/json'), get('/networks')]);
  return { images: imagesIn(images.body), networks: networksIn(networks.body), runtimes: [...runtimes] };
}

/** The images with a name, one entry for each name, by name; the unnamed ones by id when there are no others. */
export function imagesIn(body: unknown): ImageInfo[] {
  const parsed = imagesSchema.safeParse(body);
  if (!parsed.success) return [];
  const images = parsed.data.flatMap(({ Id, RepoTags, Size, Created }) => {
    const common = { id: Id, bytes: Math.max(0, Size), createdAt: Math.max(0, Created * 1_000) };
    const names = (RepoTags ?? []).filter((name) => /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,511}$/.test(name));
    return { common, names };
  });
  const named = images.flatMap(({ common, names }) => names.map((name) => ({ name, ...common })));
  const offered = named.length > 0 ? named : images.map(({ common }) => ({ name: common.id, ...common }));
  return offered.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_OFFERS);
}

/** The networks that one container may join: not the machine's own, and not those that are for a swarm's services only. */
export function networksIn(body: unknown): string[] {
  const parsed = networksSchema.safeParse(body);
  if (!parsed.success) return [];
  return parsed.data
    .filter(({ Driver, Scope, Attachable, Ingress }) => {
      if (Driver === 'host' || Ingress === true) return false;
      return Scope !== 'swarm' || Attachable === true;
    })
    .map(({ Name }) => Name)
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name) && name !== 'host' && name !== 'default')
    .sort()
    .slice(0, MAX_OFFERS);
}
