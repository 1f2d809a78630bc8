import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { ExportSource } from '../../core/core.ts';

/** How long a download waits to be fetched, in milliseconds. */
const EXPIRY_MS = 60_000;
/** Downloads that may wait at the same time; the oldest is dropped for a newer one. */
const MAX_WAITING = 64;

interface Waiting {
  readonly source: ExportSource;
  readonly timer: NodeJS.Timeout;
}

/** Exports that wait to be fetched by the browser: once each, at a path nobody can guess, for a minute. */
export class Downloads implements Disposable {
  readonly #waiting = new Map<string, Waiting>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Gives the path under which the export can be fetched once. */
  offer(source: ExportSource): string {
    const oldest = this.#waiting.keys().next();
    if (this.#waiting.size >= MAX_WAITING && !oldest.done) this.#take(oldest.value);
    const id = randomBytes(24).toString('base64url');
    const timer = setTimeout(() => this.#waiting.delete(id), EXPIRY_MS);
    timer.unref();
    this.#waiting.set(id, { source, timer });
    return `/download/${id}/${safeName(source.name)}`;
  }

  /** Answers a request for such a path. False: there is no such download (any more), and nothing was answered. */
  async serve(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const id = /^\/download\/([\w-]+)\/[\w.-]+$/.exec(pathname)?.[1];
    // A mere look (HEAD) does not use it up.
    if (id === undefined || !this.#waiting.has(id) || request.method !== 'GET') return false;
    const source = this.#take(id);
    if (source === undefined) return false;
    response.writeHead(200, {
      'Content-Type': source.mediaType,
      'Content-Disposition': `attachment; filename="${safeName(source.name)}"; filename*=UTF-8''${encodeRfc5987(source.name)}`,
      'Cache-Control': 'no-store',
    });
    try {
      await pipeline(source.open(), response);
    } catch (error) {
      // The headers are out: the broken connection tells the browser that the file is not complete.
      response.destroy();
      this.#logger.warn({ err: error, format: source.format }, 'A download did not finish');
    }
    return true;
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id);
  }

  #take(id: string): ExportSource | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    return waiting.source;
  }
}

/** A name of plain letters, digits, dots and dashes, good for a path and for a header. */
export function safeName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 120);
  return plain === '' ? 'download' : plain;
}

/** A header parameter in UTF-8, RFC 5987. */
function encodeRfc5987(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
