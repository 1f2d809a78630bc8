import { z } from 'zod';
import { configFolder, type EndpointSources } from '../client/endpoint-sources.ts';
import { type HelperAnswer, runCredentialHelper } from './credential-helper.ts';

/** Docker Hub's name in references, and the one under which `docker login` keeps its credentials. */
const HUB = 'docker.io';
const HUB_KEY = 'https://index.docker.io/v1/';
/** The user name with which a helper marks a secret as an identity token. */
const TOKEN_USER = '<token>';

/** An entry of `auths` (https://github.com/docker/cli/blob/master/cli/config/types/authconfig.go). */
const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
type Entry = z.infer<typeof entrySchema>;

/** The parts of `config.json` that say who is signed in where. A part that is not understood costs that part. */
const configSchema = z.object({
  auths: z.record(z.string(), z.unknown()).catch({}).default({}),
  credHelpers: z.record(z.string(), z.string()).catch({}).default({}),
  credsStore: z.string().catch('').default(''),
});
type Config = z.infer<typeof configSchema>;

/** Credentials for one registry. */
export interface RegistryAuth {
  /** For the engine, in the header `X-Registry-Auth`; null for a registry without a login. Never logged. */
  readonly header: string | null;
  /** Why stored credentials could not be used, for a person and without any secret; null when they could. */
  readonly problem: string | null;
}

/** Finds the credentials that `docker login` has stored for a registry. */
export interface RegistryCredentials {
  /**
   * The credentials for this registry, read each time, because helpers give tokens that expire. Rejects only when `signal`
   * aborts.
   *
   * @param path the repository within the registry, such as `team/app`: Podman may keep credentials for a part of a registry
   */
  find(registry: string, signal: AbortSignal, path?: string): Promise<RegistryAuth>;
}

/** The registry of a repository's name: its first part where that is a host, Docker Hub otherwise. */
export function registryOf(repository: string): string {
  const first = repository.split('/')[0] ?? '';
  const isHost = repository.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  if (!isHost || first === 'index.docker.io' || first === 'registry-1.docker.io') return HUB;
  return first;
}

/** The command that signs in to a registry, for hints. */
export function loginCommand(registry: string): string {
  return registry === HUB ? 'docker login' : `docker login ${registry}`;
}

/** The repository within its registry: `team/app` of `quay.io/team/app`. */
export function pathInRegistry(repository: string): string {
  return repository.startsWith(`${registryOf(repository)}/`)
    ? repository.slice(registryOf(repository).length + 1)
    : repository;
}

/**
 * Finds credentials as the docker command does, and where it has none, as Podman does
 * (https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md). As the docker command: `DOCKER_AUTH_CONFIG`, then the registry's own helper (`credHelpers`), the store
 * for all (`credsStore`), or `auths` in the file `config.json` of `DOCKER_CONFIG` or `~/.docker`.
 */
export function createRegistryCredentials(sources: EndpointSources): RegistryCredentials {
  return {
    async find(registry, signal, path = '') {
      signal.throwIfAborted();
      const docker = await findAsDocker(registry, sources, signal);
      if (docker.header !== null) return docker;
      const containers = await findAsPodman(registry, path, sources, signal);
      // Where neither has any, what is wrong with the docker command's is said first.
      return containers.header === null && docker.problem !== null ? docker : containers;
    },
  };
}

const NOTHING: RegistryAuth = { header: null, problem: null };

async function findAsDocker(registry: string, sources: EndpointSources, signal: AbortSignal): Promise<RegistryAuth> {
  const key = registry === HUB ? HUB_KEY : registry;
  const given = readConfig(sources.env.DOCKER_AUTH_CONFIG ?? null);
  const fromVariable = given === null ? null : entryFor(given, key);
  if (fromVariable !== null) return { header: headerOf(fromVariable, key), problem: null };
  const file = `${configFolder(sources)}/config.json`;
  const text = sources.files.read(file);
  if (text === null) return NOTHING;
  const config = readConfig(text);
  if (config === null) return { header: null, problem: `${file} is not valid JSON.` };
  const helper = config.credHelpers[key] ?? config.credHelpers[registry] ?? config.credsStore;
  if (helper !== '') return askHelper(helper, key, key, sources, signal);
  const entry = entryFor(config, key);
  return { header: entry === null ? null : headerOf(entry, key), problem: null };
}

/** The first of Podman's files that has credentials; in each, those of the longest part of the repository's name. */
async function findAsPodman(
  registry: string,
  path: string,
  sources: EndpointSources,
  signal: AbortSignal,
): Promise<RegistryAuth> {
  const address = registry === HUB ? HUB_KEY : registry;
  let problem: string | null = null;
  for (const file of podmanFiles(sources)) {
    const text = sources.files.read(file);
    if (text === null) continue;
    const config = readConfig(text);
    if (config === null) {
      problem ??= `${file} is not valid JSON.`;
      continue;
    }
    const entry = keysOf(registry, path)
      .map((key) => entryAt(config.auths[key]))
      .find((found) => found !== null);
    if (entry !== undefined) return { header: headerOf(entry, address), problem: null };
    const helper = config.credHelpers[registry] ?? config.credsStore;
    if (helper === '') continue;
    const answer = await askHelper(helper, registry, address, sources, signal);
    if (answer.header !== null) return answer;
    problem ??= answer.problem;
  }
  return { header: null, problem };
}

/** Where Podman keeps credentials, in the order in which it looks there. */
function podmanFiles({ env, home, platform }: EndpointSources): readonly string[] {
  const named = env.REGISTRY_AUTH_FILE ?? '';
  if (named !== '') return [named];
  const runtime = platform === 'linux' ? (env.XDG_RUNTIME_DIR ?? '') : '';
  const config = env.XDG_CONFIG_HOME || `${home}/.config`;
  return [...(runtime === '' ? [] : [`${runtime}/containers/auth.json`]), `${config}/containers/auth.json`];
}

/** `quay.io/team/app`, `quay.io/team`, `quay.io`. */
function keysOf(registry: string, path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return [...parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join('/')), registry];
}

async function askHelper(
  helper: string,
  asked: string,
  address: string,
  sources: EndpointSources,
  signal: AbortSignal,
): Promise<RegistryAuth> {
  const answer = await runCredentialHelper(helper, asked, { environment: sources.env, signal });
  signal.throwIfAborted();
  if (answer.kind === 'found') return { header: headerOf(entryOf(answer), address), problem: null };
  return answer.kind === 'failed' ? { header: null, problem: answer.message } : NOTHING;
}

function readConfig(text: string | null): Config | null {
  if (text === null || text === '') return null;
  try {
    const parsed = configSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function entryOf({ username, secret }: HelperAnswer & { kind: 'found' }): Entry {
  return username === TOKEN_USER ? { identitytoken: secret } : { username, password: secret };
}

/** The entry of a registry, also where an older docker command has written its address with a scheme and a path. */
function entryFor({ auths }: Config, key: string): Entry | null {
  return entryAt(auths[key] ?? Object.entries(auths).find(([address]) => hostOf(address) === hostOf(key))?.[1]);
}

function entryAt(found: unknown): Entry | null {
  const parsed = entrySchema.safeParse(found);
  if (!parsed.success) return null;
  const { auth, ...entry } = parsed.data;
  if (auth === undefined || auth === '') return isEmpty(entry) ? null : entry;
  const plain = Buffer.from(auth, 'base64').toString();
  const colon = plain.indexOf(':');
  if (colon < 0) return isEmpty(entry) ? null : entry;
  // Some versions of the docker command end the password with zero bytes.
  return { ...entry, username: plain.slice(0, colon), password: plain.slice(colon + 1).replace(/\0+$/, '') };
}

function isEmpty({ username, identitytoken, registrytoken }: Entry): boolean {
  return !username && !identitytoken && !registrytoken;
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').split('/')[0] ?? '';
}

/** JSON in URL-safe Base64 (https://docs.docker.com/reference/api/engine/, “Authentication”). */
function headerOf(entry: Entry, serveraddress: string): string {
  const json = JSON.stringify({ ...entry, serveraddress });
  return Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
