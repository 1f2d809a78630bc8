import { STATUS_CODES } from 'node:http';
import { errors } from 'undici';
import { errorCode } from '../recording/failure.ts';

/** “204 No Content”. The words are the standard's, never the receiver's. */
export function describeStatus(status: number): string {
  const standard = STATUS_CODES[status];
  return standard === undefined ? String(status) : `${status} ${standard}`;
}

/** “0.3 s”, “12 s”; below what one decimal shows, “less than 0.1 s”. */
export function describeElapsed(ms: number): string {
  if (ms < 100) return 'less than 0.1 s';
  return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)} s` : `${Math.floor(ms / 1_000)} s`;
}

/** What came of a request that was not answered, for a person. Nothing of it comes from the receiver. */
export function describeFailure(error: unknown): string {
  const code = codeOf(error);
  const words = FAILURES[code] ?? CERTIFICATE_FAILURES[code];
  if (words !== undefined) return words;
  if (error instanceof errors.HTTPParserError) return 'the answer was not HTTP';
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'no TLS connection could be made';
  // Codes are the system's and the libraries' own; anything else might be text from outside.
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? `the request failed (${code})` : 'the request failed';
}

const UNTRUSTED = 'the certificate is not trusted';

const CERTIFICATE_FAILURES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `${UNTRUSTED}: it is self-signed`,
  SELF_SIGNED_CERT_IN_CHAIN: `${UNTRUSTED}: its issuer is self-signed and not one that this machine knows`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${UNTRUSTED}: its issuer is not known, or was not sent along`,
  UNABLE_TO_GET_ISSUER_CERT: `${UNTRUSTED}: its issuer is not known`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `${UNTRUSTED}: its issuer is not known`,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REJECTED: UNTRUSTED,
  CERT_REVOKED: `${UNTRUSTED}: it was revoked`,
  CERT_HAS_EXPIRED: `${UNTRUSTED}: it has expired`,
  CERT_NOT_YET_VALID: `${UNTRUSTED}: it is not valid yet; look at this machine’s clock`,
  CERT_SIGNATURE_FAILURE: `${UNTRUSTED}: its signature is wrong`,
  INVALID_PURPOSE: `${UNTRUSTED}: it is not for servers`,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
};

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer',
  EPIPE: 'the connection was closed before an answer',
  UND_ERR_SOCKET: 'the connection was closed before an answer',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the host could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENETDOWN: 'the network cannot be reached',
  EADDRNOTAVAIL: 'the network cannot be reached',
  ETIMEDOUT: 'no connection came about in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'no answer came in time',
  UND_ERR_HEADERS_OVERFLOW: 'the answer’s headers are too large',
  EPROTO: 'no TLS connection could be made',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the receiver does not speak TLS there',
};

/** The code of an error, or of the first of those that it stands for: a host with several addresses fails once for each. */
function codeOf(error: unknown): string {
  const own = errorCode(error);
  if (own !== null) return own;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && error.cause !== undefined) return codeOf(error.cause);
  return '';
}
