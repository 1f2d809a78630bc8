import { BlockList, isIP } from 'node:net';

/** Addresses that never leave the machine. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Why a webhook cannot have this address, for a person; null when it can. `https` anywhere, `http` to this machine only:
 * a signature proves who sent an event, but everybody on the way could read it.
 */
export function urlProblem(text: string): string | null {
  if (text.length > 2_048 || !URL.canParse(text)) return 'must be an address such as https://example.org/hooks';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return 'must not have a user name or a password in it: put them into an Authorization header';
  }
  if (url.protocol === 'https:') return null;
  if (url.protocol !== 'http:') return 'must begin with https://';
  if (isLoopback(url.hostname)) return null;
  return 'must begin with https://: http:// is for receivers on this machine (localhost, 127.0.0.1, [::1])';
}

/** An address as it can be shown: never its query, which may hold a secret. */
export function displayUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
