import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** The kinds of file that a built renderer has. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.otf': 'font/otf',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** One file of the renderer, ready to be answered with. */
export interface RendererFile {
  readonly body: Buffer<ArrayBuffer>;
  readonly mediaType: string;
  /** The build puts a hash of the content into the file's name: it may be kept for good. */
  readonly immutable: boolean;
}

/**
 * The file that a URL's path names inside `root`; `/` is the page. Null: the path leads out of the folder, is not well formed, or
 * names a kind of file that a renderer does not have.
 */
export function rendererPath(root: string, pathname: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  const name = decoded === '/' ? '/index.html' : decoded;
  if (!/^(\/[\w.-]+)+$/.test(name)) return null;
  if (name.split('/').some((part) => part.startsWith('.'))) return null;
  if (!(extname(name) in MEDIA_TYPES)) return null;
  const file = join(root, name);
  return file.startsWith(root.endsWith(sep) ? root : root + sep) ? file : null;
}

/** Reads a file of the built renderer. Null: there is none at this path. */
export async function readRendererFile(root: string, pathname: string): Promise<RendererFile | null> {
  const file = rendererPath(root, pathname);
  if (file === null) return null;
  try {
    const body = await readFile(file);
    const mediaType = MEDIA_TYPES[extname(file)] ?? 'application/octet-stream';
    return { body, mediaType, immutable: pathname.startsWith('/assets/') };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR');
}
