import type { Endpoint, EndpointProblem } from './endpoint-sources.ts';
import { EngineTimeout } from './engine-errors.ts';
import { oneLine } from './engine-text.ts';

/** The error's code, such as `ECONNREFUSED`; empty without one. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether the connection itself was refused or cut, which a busy engine does not do. */
export function isGone(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'ENOTSOCK', 'EACCES', 'EPERM', 'EHOSTUNREACH'].includes(
    codeOf(error),
  );
}

/** Why the engine at this endpoint cannot be reached, and what to do. */
export function explainUnreachable(error: unknown, endpoint: Endpoint, platform: NodeJS.Platform): EndpointProblem {
  const { name } = endpoint;
  const code = codeOf(error);
  const start =
    platform === 'linux'
      ? 'Start it (“sudo systemctl start docker”, or Docker Desktop), or set DOCKER_HOST to where it listens.'
      : 'Open Docker Desktop, or set DOCKER_HOST to where the engine listens.';
  if (error instanceof EngineTimeout) {
    return {
      message: `The container engine at ${name} is not responding.`,
      hint: 'It may be starting or overloaded. If the problem continues, restart it.',
    };
  }
  switch (code) {
    case 'ENOENT':
    case 'ENOTSOCK':
      return { message: `No container engine listens at ${name}.`, hint: start };
    case 'ECONNREFUSED':
      return { message: `The container engine at ${name} is not running.`, hint: start };
    case 'EACCES':
    case 'EPERM':
      return {
        message: `You do not have permission to use the container engine at ${name} (permission denied).`,
        hint:
          platform === 'linux'
            ? 'Join its group with “sudo usermod -aG docker $USER” and sign in again (this gives rights like root’s), or use rootless Docker or Podman.'
            : 'Start Sandglass as a user who may use it, or check who owns the socket.',
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        message: `The host of ${name} is unknown.`,
        hint: 'Check DOCKER_HOST or the docker context, and the network.',
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return { message: `The host of ${name} cannot be reached.`, hint: 'Check the network, and that the host is up.' };
  }
  const text = error instanceof Error ? oneLine(error.message) : '';
  if (/^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH|ERR_OSSL)/.test(code)) {
    return {
      message: `The encrypted connection to ${name} failed: ${text}.`,
      hint: 'Check the certificates in DOCKER_CERT_PATH or of the docker context: authority, host name, end of validity.',
    };
  }
  return { message: `The container engine at ${name} failed: ${text === '' ? 'no reason given' : text}.`, hint: start };
}
