import { randomBytes } from 'node:crypto';
import type { Logger } from '../../../base/logger.ts';
import type { ContainerTracker } from '../../../processes/tracker.ts';
import { ContainerApi, createContainer } from '../client/container-api.ts';
import type { ProbeSpec } from '../client/container-body.ts';
import type { DockerEngine, EngineInfo } from '../client/engine.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { readBytes } from '../client/engine-client.ts';
import { type ContainerOwner, containerLabels } from '../container/container-labels.ts';

/** What an image says about its users and locales. */
export interface ImageFacts {
  /** Its `/etc/passwd` and `/etc/group`; null where it has none, or one that is not an ordinary file. */
  readonly passwd: string | null;
  readonly group: string | null;
  /** Variables that it sets itself. */
  readonly environment: readonly string[];
  /** Whether its C library is musl, which takes every locale for UTF-8. */
  readonly isMusl: boolean;
  /** Those of the locales that were asked for which it has, such as `C.UTF-8`. */
  readonly locales: ReadonlySet<string>;
}

/** What images are inspected with. */
export interface ImageInspection {
  readonly client: EngineClient;
  readonly engine: DockerEngine;
  readonly info: EngineInfo;
  readonly owner: ContainerOwner;
  readonly tracker: ContainerTracker;
  readonly log: Logger;
}

const TIMEOUT_MS = 20_000;
const MAX_FILE_BYTES = 1024 * 1024;
/** Where C libraries have their locales: a folder for each; `locale-archive` holds many, of which `en_US.utf8` is always one. */
const LOCALES = '/usr/lib/locale';
const ARCHIVED = 'en_US.UTF-8';
const MUSL = ['/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-aarch64.so.1'];

const known = new Map<string, Promise<ImageFacts | null>>();

/**
 * Inspects an image, once for each: through a container of it that is never started, and removed again.
 *
 * @param locales names to search for, beside `C.UTF-8`.
 * @returns null where it could not be inspected. Never rejects.
 */
export function imageFacts(
  inspection: ImageInspection,
  imageId: string,
  locales: readonly string[],
): Promise<ImageFacts | null> {
  const wanted = [...new Set(['C.UTF-8', ARCHIVED, ...locales])].sort();
  const key = [inspection.info.endpoint, imageId, ...wanted].join(' ');
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = read(inspection, imageId, wanted).catch((error: unknown) => {
    inspection.log.warn({ err: error, imageId }, 'The users and locales of an image could not be read');
    known.delete(key);
    return null;
  });
  known.set(key, found);
  return found;
}

async function read(inspection: ImageInspection, imageId: string, wanted: readonly string[]): Promise<ImageFacts> {
  const { client, engine, info, owner, tracker } = inspection;
  const name = `sandglass-image-${randomBytes(4).toString('hex')}`;
  tracker.engine(info.address, owner);
  const { id } = await createContainer(client, probeSpec(name, imageId, owner));
  tracker.created(id, info.address);
  try {
    const api = new ContainerApi(client, id);
    const has = (path: string): Promise<boolean> => api.hasFile(path);
    const [passwd, group, environment, musl, hasArchive, ...found] = await Promise.all([
      readFile(client, id, '/etc/passwd'),
      readFile(client, id, '/etc/group'),
      api.inspect().then(({ Config }) => Config.Env ?? []),
      Promise.all(MUSL.map(has)),
      has(`${LOCALES}/locale-archive`),
      ...wanted.map(async (locale) => {
        const [plain, folder] = await Promise.all([
          has(`${LOCALES}/${locale}`),
          has(`${LOCALES}/${folderName(locale)}`),
        ]);
        return plain || folder;
      }),
    ]);
    const locales = wanted.filter((locale, index) => found[index] === true || (locale === ARCHIVED && hasArchive));
    return { passwd, group, environment, isMusl: musl.includes(true), locales: new Set(locales) };
  } finally {
    await engine.remove(id);
  }
}

/** `de_DE.UTF-8` as a folder is `de_DE.utf8` (glibc normalizes the encoding's name). */
function folderName(locale: string): string {
  return locale.replace(/\.([^@]*)/, (_, codeset: string) => `.${codeset.toLowerCase().replaceAll('-', '')}`);
}

/** As little of a container as can be. */
function probeSpec(name: string, imageId: string, owner: ContainerOwner): ProbeSpec {
  return {
    name,
    Image: imageId,
    Entrypoint: ['/never-started'],
    Cmd: [],
    Labels: containerLabels({ name, owner, purpose: { role: 'pool' }, profileId: '', options: { survive: false } }),
    HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
  };
}

/** The text of a file in a container; null where there is none, or something else. */
async function readFile(client: EngineClient, id: string, path: string): Promise<string | null> {
  const request = { method: 'GET', path: `/containers/${id}/archive`, query: { path } } as const;
  const response = await client.stream(request, AbortSignal.timeout(TIMEOUT_MS));
  const answer = await readBytes(response, MAX_FILE_BYTES);
  return response.statusCode === 200 ? fileInTar(answer) : null;
}

/** The first file of an archive (POSIX.1-1988 ustar); null where that is not an ordinary one. */
function fileInTar(archive: Buffer): string | null {
  const type = archive.toString('latin1', 156, 157);
  const size = Number.parseInt(archive.toString('latin1', 124, 136), 8);
  if ((type !== '0' && type !== '\0') || !Number.isSafeInteger(size) || archive.length < 512 + size) return null;
  return archive.toString('utf8', 512, 512 + size);
}
