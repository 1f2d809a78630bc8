import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/**
 * A registry on loopback (https://distribution.github.io/distribution/spec/api/), which engines on the same machine use
 * without TLS. It has one image of random content under the names below, and is what a test makes of it.
 */
export interface TestRegistry extends AsyncDisposable {
  /** The image's name with a tag, in one of the repositories. */
  reference(repository?: Repository): string;
  /** Its host and port. */
  readonly host: string;
  /** The digest of the image's manifest. */
  readonly digest: string;
  /** The image's id: the digest of its configuration. */
  readonly imageId: string;
  /** How often a manifest was asked for. */
  readonly manifestRequests: number;
  /** Resolves when the last layer has been sent half and waits for {@link release}. */
  readonly stalled: Promise<void>;
  /** Sends the rest of the last layer, now and from now on. */
  release(): void;
}

/** `plain` is given to all, `private` to no one, `foreign` for another processor; `absent` does not exist. */
type Repository = 'plain' | 'private' | 'foreign' | 'absent';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

interface Blob {
  readonly digest: string;
  readonly content: Buffer;
}

/**
 * Starts a registry whose image has layers of these sizes in bytes. `isSlow`: the last one stops half way until released.
 * `account`: `NAME:PASSWORD` of the only one that gets anything (RFC 7617); without it, everyone does.
 */
export async function startRegistry(
  layerBytes: readonly number[],
  isSlow = false,
  account: string | null = null,
): Promise<TestRegistry> {
  const archives = layerBytes.map((bytes, index) => tarOf(`layer-${index}`, randomBytes(bytes)));
  const layers = archives.map((archive) => blobOf(gzipSync(archive, { level: 0 })));
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = blobOf(
    json({
      architecture,
      os: 'linux',
      config: { Cmd: ['/layer-0'] },
      rootfs: { type: 'layers', diff_ids: archives.map(digestOf) },
    }),
  );
  const manifest = blobOf(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...describe(config) },
      layers: layers.map((layer) => ({
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        ...describe(layer),
      })),
    }),
  );
  const list = blobOf(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST_LIST,
      manifests: [
        { mediaType: MANIFEST, ...describe(manifest), platform: { architecture: 'unheard-of', os: 'linux' } },
      ],
    }),
  );
  const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob.content]));
  const last = layers.at(-1)?.digest;

  const stalled = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let manifestRequests = 0;

  const sendSlowly = async (content: Buffer, response: ServerResponse): Promise<void> => {
    response.write(content.subarray(0, content.length / 2));
    stalled.resolve();
    await released.promise;
    response.end(content.subarray(content.length / 2));
  };

  const sendManifest = (repository: string, reference: string, isHead: boolean, response: ServerResponse): void => {
    manifestRequests += 1;
    const isList = repository === 'foreign' && reference !== manifest.digest;
    const sent = isList ? list : manifest;
    response.setHeader('Content-Type', isList ? MANIFEST_LIST : MANIFEST);
    response.setHeader('Content-Length', sent.content.length);
    response.setHeader('Docker-Content-Digest', sent.digest);
    response.end(isHead ? undefined : sent.content);
  };

  const sendBlob = (digest: string, response: ServerResponse): void => {
    const content = blobs.get(digest);
    if (content === undefined) {
      refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
      return;
    }
    response.setHeader('Content-Length', content.length);
    if (isSlow && digest === last) void sendSlowly(content, response);
    else response.end(content);
  };

  const expected = account === null ? null : `Basic ${Buffer.from(account).toString('base64')}`;
  const answer = ({ url = '', method, headers }: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    if (expected !== null && headers.authorization !== expected) {
      response.setHeader('WWW-Authenticate', 'Basic realm="test"');
      refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
      return;
    }
    const [, repository, kind, reference = ''] = /^\/v2\/([a-z]+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    if (url === '/v2/') response.end();
    else if (repository === 'private') refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    else if (repository !== 'plain' && repository !== 'foreign')
      refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    else if (kind === 'manifests') sendManifest(repository, reference, method === 'HEAD', response);
    else sendBlob(reference, response);
  };

  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  const host = `127.0.0.1:${address.port}`;
  return {
    host,
    reference: (repository = 'plain') => `${host}/${repository}:one`,
    digest: manifest.digest,
    imageId: config.digest,
    get manifestRequests() {
      return manifestRequests;
    },
    stalled: stalled.promise,
    release: () => released.resolve(),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.end(json({ errors: [{ code, message }] }));
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function blobOf(content: Buffer): Blob {
  return { digest: digestOf(content), content };
}

function describe({ digest, content }: Blob): { digest: string; size: number } {
  return { digest, size: content.length };
}

/** An archive of one file (POSIX.1-1988 ustar). */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), offset, 'ascii');
  };
  header.write(name, 0, 'ascii');
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('        ', 148, 'ascii');
  header.write('0', 156, 'ascii');
  header.write('ustar\u000000', 257, 'ascii');
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1_024)]);
}
