import type { IncomingHttpHeaders } from 'node:http';

/** What a request must have before anything else of it is looked at, or why it is refused. */
export type RequestCheck = { ok: true } | { ok: false; why: string };

const passed: RequestCheck = { ok: true };

/** The `Host` of a request, taken apart. */
export interface Authority {
  /** As the browser wrote it, such as `localhost:9000`. */
  readonly host: string;
  /** The port that the browser asked for. */
  readonly port: number;
}

/** `localhost` is never looked up in the DNS (RFC 6761, section 6.3), and an address is no name that could be rebound. */
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::(\d{1,5}))?$/i;
const HTTP_PORT = 80;

/**
 * The loopback name that a request came by; null for any other name. Another name that leads here belongs to a page that had
 * it resolve to this machine (DNS rebinding). The port may be any: a forwarded one has another number than the server's.
 */
export function loopbackAuthority({ host }: IncomingHttpHeaders): Authority | null {
  const match = host === undefined ? null : LOOPBACK.exec(host);
  if (host === undefined || match === null) return null;
  const port = match[1] === undefined ? HTTP_PORT : Number(match[1]);
  return port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** Why a request whose {@link loopbackAuthority} is null was refused. */
export function foreignHost({ host }: IncomingHttpHeaders): string {
  return `host ${quote(host)} is not this server`;
}

/**
 * The page that asks must be one of this very server, by its port too: to a browser, all ports of this machine are the same
 * site. A missing origin is refused.
 */
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
