import type { IncomingHttpHeaders } from 'node:http';

/** What a request must have before anything else of it is looked at, or why it is refused. */
export type RequestCheck = { ok: true } | { ok: false; why: string };

const passed: RequestCheck = { ok: true };

/**
 * The names this server answers to. Any other name that leads here is a page that had its own name resolve to this
 * machine (DNS rebinding).
 */
export function checkHost(headers: IncomingHttpHeaders, port: number): RequestCheck {
  const { host } = headers;
  if (host === `127.0.0.1:${port}` || host === `localhost:${port}`) return passed;
  return { ok: false, why: `host ${quote(host)} is not this server` };
}

/** The page that asks must be one of this very server; a missing origin is refused too. */
export function checkOrigin(headers: IncomingHttpHeaders): RequestCheck {
  const { origin, host } = headers;
  if (host !== undefined && origin === `http://${host}`) return passed;
  return { ok: false, why: `origin ${quote(origin)} is foreign` };
}

/**
 * What a browser says of a request without an origin: another page may send the user here, but not read from here. Other ports
 * of this machine count as the same site, so the cookie alone does not keep them out.
 */
export function checkFetchSite(headers: IncomingHttpHeaders): RequestCheck {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return passed;
  if (headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document') return passed;
  return { ok: false, why: `request from a ${quote(site)} page` };
}

function quote(value: string | string[] | undefined): string {
  return value === undefined ? '(none)' : JSON.stringify(value).slice(0, 200);
}
