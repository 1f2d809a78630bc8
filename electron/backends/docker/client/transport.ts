import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from '../../../processes/tracker.ts';

/**
 * Opens a connection to an engine, which HTTP is spoken over: a socket, a TLS session, or the standard streams of a program
 * that relays them. It may still be connecting; a failure is an `error` of the stream.
 */
export type Transport = () => Promise<Duplex>;

/** The transport to this address. */
export function transportTo(address: EngineAddress): Transport {
  // On Windows the path is that of a named pipe.
  if (address.kind === 'socket') return async () => connect({ path: address.path });
  const { host, port, tls } = address;
  if (tls === null) return async () => connect({ host, port });
  // An IP address is no server name (RFC 6066, section 3); the certificate is checked against it all the same.
  const servername = isIP(host) === 0 ? host : '';
  return async () => {
    // Loaded by those that need it alone: it takes some megabytes.
    const { connect: connectSecurely } = await import('node:tls');
    return connectSecurely({ host, port, ...tls, servername });
  };
}
