import type { EngineTls } from '../../../processes/tracker.ts';
import { findContext } from './contexts.ts';
import {
  configFolder,
  type Endpoint,
  type EndpointProblem,
  type EndpointSources,
  type EndpointsFound,
} from './endpoint-sources.ts';

/** The ports of an engine's API over TCP, without and with TLS. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Where the container engine is, found as the docker command finds it: `DOCKER_HOST`, then the context of
 * `DOCKER_CONTEXT` or of the configuration, then the sockets where Docker and Podman listen by default.
 */
export function findEndpoints(sources: EndpointSources): EndpointsFound {
  const { env } = sources;
  const host = env.DOCKER_HOST?.trim() ?? '';
  if (host !== '') {
    const tls = environmentTls(sources);
    return tls.ok ? one(parseHost(host, tls.files, 'DOCKER_HOST', sources)) : tls;
  }
  const context = findContext(sources);
  switch (context.kind) {
    case 'default':
      return findDefaults(sources);
    case 'problem':
      return { ok: false, problem: context.problem };
    case 'found':
      return one(parseHost(context.host, context.tls, `The docker context “${context.name}”`, sources));
  }
}

type Parsed = { ok: true; endpoint: Endpoint } | { ok: false; problem: EndpointProblem };

function one(parsed: Parsed): EndpointsFound {
  return parsed.ok ? { ok: true, endpoints: [parsed.endpoint] } : parsed;
}

function refuse(message: string, hint: string): { ok: false; problem: EndpointProblem } {
  return { ok: false, problem: { message, hint } };
}

/** The certificates that `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` ask for; null when they do not ask for TLS. */
function environmentTls(
  sources: EndpointSources,
): { ok: true; files: EngineTls | null } | { ok: false; problem: EndpointProblem } {
  const { env, files } = sources;
  if ((env.DOCKER_TLS_VERIFY ?? '') === '') {
    if ((env.DOCKER_TLS ?? '') === '') return { ok: true, files: null };
    return refuse(
      'DOCKER_TLS asks for an encrypted connection without a check of who answers.',
      'Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH instead.',
    );
  }
  const folder = (env.DOCKER_CERT_PATH ?? '') === '' ? configFolder(sources) : (env.DOCKER_CERT_PATH ?? '');
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => files.read(`${folder}/${name}`));
  if (typeof ca !== 'string' || (cert === null) !== (key === null)) {
    return refuse(
      `DOCKER_TLS_VERIFY is set, but the certificates in ${folder} are not complete.`,
      'Put ca.pem, cert.pem and key.pem there, or name their folder in DOCKER_CERT_PATH.',
    );
  }
  return {
    ok: true,
    files: { ca, ...(typeof cert === 'string' ? { cert } : {}), ...(typeof key === 'string' ? { key } : {}) },
  };
}

/**
 * Reads a host as `DOCKER_HOST` and contexts name it.
 *
 * @param tls Certificates that come with it; null when there are none.
 * @param source What named it, for messages.
 */
function parseHost(host: string, tls: EngineTls | null, source: string, sources: EndpointSources): Parsed {
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(host) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix': {
      const path = rest === '' ? '/var/run/docker.sock' : rest;
      if (!path.startsWith('/'))
        return refuse(`${source} is not an absolute path: ${host}`, 'Name the socket as unix:///path.');
      return { ok: true, endpoint: { kind: 'socket', path, name: `unix://${path}` } };
    }
    case 'npipe': {
      const path = rest === '' ? '//./pipe/docker_engine' : rest.replaceAll('\\', '/');
      if (sources.platform !== 'win32')
        return refuse(`${source} names a pipe of Windows: ${host}`, 'Name a Unix socket instead.');
      // Nothing but a pipe of this machine: another name would make Windows sign in elsewhere.
      if (!/^\/\/\.\/pipe\/[^/]+$/.test(path))
        return refuse(`${source} is not a pipe: ${host}`, 'Name it as npipe:////./pipe/docker_engine.');
      return { ok: true, endpoint: { kind: 'socket', path, name: `npipe://${path}` } };
    }
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(scheme.toLowerCase(), rest, tls, source);
    case 'ssh':
      return refuse(
        `${source} reaches the engine over SSH (${host}), which Sandglass does not support yet.`,
        'Forward the socket yourself (ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix:///tmp/docker.sock.',
      );
    default:
      return refuse(`${source} is not understood: ${host}`, 'Use unix://, npipe:// or tcp://.');
  }
}

function parseTcp(scheme: string, rest: string, given: EngineTls | null, source: string): Parsed {
  const tls = given ?? (scheme === 'https' ? {} : null);
  // Read as http: no part of it means anything special then, and `tcp` would keep an IPv6 host as it was typed.
  const url = URL.parse(`http://${rest}`);
  if (url === null || url.hostname === '' || url.username !== '' || url.search !== '' || url.hash !== '') {
    return refuse(`${source} is not understood: ${scheme}://${rest}`, 'Name it as tcp://HOST:PORT.');
  }
  // The parser drops the port that is http's own.
  const isDefault = url.port === '' && /:80(\/|$)/.test(rest);
  const port = url.port !== '' ? Number(url.port) : isDefault ? 80 : tls === null ? PLAIN_PORT : TLS_PORT;
  const name = `tcp://${url.hostname}:${port}`;
  if (tls === null && !isLoopback(url.hostname)) {
    return refuse(
      `${source} (${name}) is another machine without encryption: anyone on the way could run anything in the session.`,
      'Set up TLS for the engine and DOCKER_TLS_VERIFY=1 with DOCKER_CERT_PATH, or forward its socket over SSH.',
    );
  }
  return {
    ok: true,
    endpoint: { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port, pathPrefix: url.pathname, tls, name },
  };
}

/** Whether only this machine can be meant. `localhost` is: systems resolve it themselves. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The sockets where engines listen by default, in the order of preference. */
function defaultSockets({ env, platform, home }: EndpointSources): string[] {
  if (platform === 'win32') return ['//./pipe/docker_engine', '//./pipe/podman-machine-default'];
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  const temporary = (env.TMPDIR ?? '').replace(/\/$/, '');
  return [
    '/var/run/docker.sock',
    ...(runtime === '' ? [] : [`${runtime}/docker.sock`]),
    `${home}/.docker/run/docker.sock`,
    `${home}/.docker/desktop/docker.sock`,
    ...(runtime === '' ? [] : [`${runtime}/podman/podman.sock`]),
    ...(platform === 'darwin'
      ? [
          ...(temporary === '' ? [] : [`${temporary}/podman/podman-machine-default-api.sock`]),
          `${home}/.local/share/containers/podman/machine/podman.sock`,
        ]
      : ['/run/podman/podman.sock']),
  ];
}

function findDefaults(sources: EndpointSources): EndpointsFound {
  const { platform, files } = sources;
  const isWindows = platform === 'win32';
  // A pipe is not probed: that would take one of its connections.
  const paths = defaultSockets(sources).filter((path) => isWindows || files.exists(path));
  if (paths.length > 0) {
    return {
      ok: true,
      endpoints: paths.map((path) => ({ kind: 'socket', path, name: `${isWindows ? 'npipe' : 'unix'}://${path}` })),
    };
  }
  return { ok: false, problem: explainAbsence(sources) };
}

/** No socket of an engine is there: whether one is installed decides what to do. */
function explainAbsence(sources: EndpointSources): EndpointProblem {
  const { platform } = sources;
  if (hasCommand('docker', sources)) {
    return {
      message: 'Docker is installed, but its engine is not running.',
      hint:
        platform === 'linux'
          ? 'Start it with “sudo systemctl start docker” or by opening Docker Desktop. If it listens elsewhere, set DOCKER_HOST.'
          : 'Open Docker Desktop. If the engine listens elsewhere, set DOCKER_HOST.',
    };
  }
  if (hasCommand('podman', sources)) {
    return {
      message: 'Podman is installed, but its service is not running.',
      hint:
        platform === 'linux'
          ? 'Start it with “systemctl --user enable --now podman.socket”.'
          : 'Start it with “podman machine start”.',
    };
  }
  return {
    message: 'No container engine was found.',
    hint: 'Install Docker or Podman. If one listens elsewhere, set DOCKER_HOST or a docker context.',
  };
}

function hasCommand(name: string, { env, platform, files }: EndpointSources): boolean {
  const isWindows = platform === 'win32';
  const folders = (env.PATH ?? env.Path ?? '').split(isWindows ? ';' : ':').filter((folder) => folder !== '');
  return folders.some((folder) => files.exists(`${folder}/${name}${isWindows ? '.exe' : ''}`));
}
