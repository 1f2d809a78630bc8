import { securityHeaders } from '../../core/content-security.ts';
import { readRendererFile } from '../../core/renderer-files.ts';
import { isAppUrl } from './app-origin.ts';

/** Answers a request for `app://sandglass/…` from the built renderer; anything else is not found. */
export async function answerAppRequest(
  rendererFolder: string,
  request: { readonly method: string; readonly url: string },
): Promise<Response> {
  const headers = securityHeaders();
  if (request.method !== 'GET') return new Response(null, { status: 405, headers });
  const pathname = isAppUrl(request.url) ? new URL(request.url).pathname : null;
  const file = pathname === null ? null : await readRendererFile(rendererFolder, pathname);
  if (file === null) return new Response(null, { status: 404, headers });
  return new Response(file.body, { headers: { ...headers, 'Content-Type': file.mediaType } });
}
