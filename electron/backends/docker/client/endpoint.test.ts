import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findEndpoints } from './endpoint.ts';
import type { EndpointSources, EndpointsFound } from './endpoint-sources.ts';

interface World {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly platform?: NodeJS.Platform;
}

function find({ env = {}, files = {}, platform = 'linux' }: World): EndpointsFound {
  const sources: EndpointSources = {
    env,
    platform,
    home: '/home/ada',
    files: { exists: (path) => path in files, read: (path) => files[path] ?? null },
  };
  return findEndpoints(sources);
}

function names(world: World): string[] {
  const found = find(world);
  return found.ok ? found.endpoints.map(({ name }) => name) : [`problem: ${found.problem.message}`];
}

function problem(world: World): string {
  const found = find(world);
  if (found.ok) throw new Error('found');
  expect(found.problem.hint).toMatch(/\w/);
  return found.problem.message;
}

const context = (name: string, host: string, more: object = {}): Record<string, string> => ({
  [`/home/ada/.docker/contexts/meta/${createHash('sha256').update(name).digest('hex')}/meta.json`]: JSON.stringify({
    Name: name,
    Metadata: {},
    Endpoints: { docker: { Host: host, ...more } },
  }),
});
const config = (value: unknown): Record<string, string> => ({
  '/home/ada/.docker/config.json': typeof value === 'string' ? value : JSON.stringify(value),
});
const certificates = (folder: string): Record<string, string> => ({
  [`${folder}/ca.pem`]: 'CA',
  [`${folder}/cert.pem`]: 'CERT',
  [`${folder}/key.pem`]: 'KEY',
});

describe('DOCKER_HOST', () => {
  test.each([
    ['unix:///run/x.sock', ['unix:///run/x.sock']],
    ['unix://', ['unix:///var/run/docker.sock']],
    ['tcp://localhost', ['tcp://localhost:2375']],
    ['127.0.0.1:99', ['tcp://127.0.0.1:99']],
    ['tcp://127.0.0.1:80/', ['tcp://127.0.0.1:80']],
    ['tcp://[::1]:5', ['tcp://[::1]:5']],
    ['http://localhost:5/prefix', ['tcp://localhost:5']],
    ['https://engine.example', ['tcp://engine.example:2376']],
  ])('%s', (host, expected) => {
    expect(names({ env: { DOCKER_HOST: host } })).toEqual(expected);
  });

  test('goes before everything else', () => {
    const files = {
      ...config({ currentContext: 'far' }),
      ...context('far', 'unix:///far'),
      '/var/run/docker.sock': '',
    };
    const env = { DOCKER_HOST: 'unix:///mine', DOCKER_CONTEXT: 'far' };
    expect(names({ env, files })).toEqual(['unix:///mine']);
    expect(names({ env: { DOCKER_HOST: '' }, files })).toEqual(['unix:///far']);
  });

  test('names a pipe on Windows only, and only one of this machine', () => {
    const env = { DOCKER_HOST: 'npipe:////./pipe/engine' };
    expect(find({ env, platform: 'win32' })).toMatchObject({
      ok: true,
      endpoints: [{ kind: 'socket', path: '//./pipe/engine' }],
    });
    expect(names({ env: { DOCKER_HOST: 'npipe://' }, platform: 'win32' })).toEqual(['npipe:////./pipe/docker_engine']);
    expect(problem({ env })).toMatch(/pipe of Windows/);
    for (const path of ['//server/pipe/engine', '//./pipe/../../x', '//?/pipe/x', 'C:/x']) {
      expect(problem({ env: { DOCKER_HOST: `npipe://${path}` }, platform: 'win32' })).toMatch(/is not a pipe/);
    }
  });

  test.each([
    ['tcp://192.168.1.5:2375', /another machine without encryption/],
    ['http://engine.example', /another machine without encryption/],
    ['tcp://127.0.0.1.example.org:2375', /another machine without encryption/],
    ['tcp://0.0.0.0:2375', /another machine without encryption/],
    ['ssh://ada@engine.example', /over SSH/],
    ['unix://relative', /not an absolute path/],
    ['fd://', /not understood/],
    ['tcp://', /not understood/],
    ['tcp://a b', /not understood/],
    ['tcp://user@localhost:1', /not understood/],
    ['tcp://localhost:99999', /not understood/],
  ])('%s is refused', (host, message) => {
    expect(problem({ env: { DOCKER_HOST: host } })).toMatch(message);
  });

  test('with TLS takes the certificates of DOCKER_CERT_PATH, else of the configuration', () => {
    const env = { DOCKER_HOST: 'tcp://engine.example', DOCKER_TLS_VERIFY: '1' };
    const tls = { ca: 'CA', cert: 'CERT', key: 'KEY' };
    expect(find({ env, files: certificates('/home/ada/.docker') })).toEqual({
      ok: true,
      endpoints: [
        { kind: 'tcp', host: 'engine.example', port: 2376, pathPrefix: '/', tls, name: 'tcp://engine.example:2376' },
      ],
    });
    const elsewhere = { ...env, DOCKER_CERT_PATH: '/certificates' };
    expect(find({ env: elsewhere, files: certificates('/certificates') })).toMatchObject({ endpoints: [{ tls }] });
    expect(problem({ env: elsewhere, files: certificates('/home/ada/.docker') })).toMatch(/not complete/);
    const { '/certificates/key.pem': _key, ...rest } = certificates('/certificates');
    expect(problem({ env: elsewhere, files: rest })).toMatch(/not complete/);
  });

  test('TLS without a check of the engine is refused', () => {
    expect(problem({ env: { DOCKER_HOST: 'tcp://engine.example', DOCKER_TLS: '1' } })).toMatch(/without a check/);
  });
});

describe('a context', () => {
  test('is that of DOCKER_CONTEXT, else of the configuration', () => {
    const files = {
      ...config({ currentContext: 'one' }),
      ...context('one', 'unix:///one'),
      ...context('two', 'unix:///two'),
    };
    expect(names({ files })).toEqual(['unix:///one']);
    expect(names({ files, env: { DOCKER_CONTEXT: 'two' } })).toEqual(['unix:///two']);
  });

  test('“default” means the sockets', () => {
    const files = {
      ...config({ currentContext: 'one' }),
      ...context('one', 'unix:///one'),
      '/var/run/docker.sock': '',
    };
    expect(names({ files, env: { DOCKER_CONTEXT: 'default' } })).toEqual(['unix:///var/run/docker.sock']);
  });

  test('that is not there is a problem, not another engine', () => {
    const files = { ...config({ currentContext: '../../x' }), '/var/run/docker.sock': '' };
    expect(problem({ files })).toMatch(/not there/);
    expect(problem({ files: { ...context('broken', 'x'), ...config('{}') }, env: { DOCKER_CONTEXT: 'none' } })).toMatch(
      /DOCKER_CONTEXT names/,
    );
  });

  test('is read from DOCKER_CONFIG', () => {
    const files = Object.fromEntries(
      Object.entries({ ...config({ currentContext: 'one' }), ...context('one', 'unix:///one') }).map(([path, text]) => [
        path.replace('/home/ada/.docker', '/etc/mine'),
        text,
      ]),
    );
    expect(names({ files, env: { DOCKER_CONFIG: '/etc/mine' } })).toEqual(['unix:///one']);
  });

  test('brings its certificates, and is refused without encryption or check', () => {
    const id = createHash('sha256').update('far').digest('hex');
    const host = 'tcp://engine.example:2376';
    const current = config({ currentContext: 'far' });
    const files = {
      ...current,
      ...context('far', host),
      ...certificates(`/home/ada/.docker/contexts/tls/${id}/docker`),
    };
    expect(find({ files })).toMatchObject({ endpoints: [{ tls: { ca: 'CA', cert: 'CERT', key: 'KEY' } }] });
    expect(problem({ files: { ...current, ...context('far', host) } })).toMatch(/without encryption/);
    expect(problem({ files: { ...files, ...context('far', host, { SkipTLSVerify: true }) } })).toMatch(
      /does not check/,
    );
  });

  test('of a configuration that cannot be read is none', () => {
    for (const broken of ['not json', '[]', '{"currentContext":7}', 'null']) {
      expect(names({ files: { ...config(broken), '/var/run/docker.sock': '' } })).toEqual([
        'unix:///var/run/docker.sock',
      ]);
    }
  });
});

describe('without either', () => {
  test('the sockets that are there are tried, Docker’s before Podman’s', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/1000' };
    const files = Object.fromEntries(
      [
        '/run/podman/podman.sock',
        '/run/user/1000/podman/podman.sock',
        '/home/ada/.docker/run/docker.sock',
        '/run/user/1000/docker.sock',
        '/var/run/docker.sock',
      ].map((path) => [path, '']),
    );
    expect(names({ env, files })).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/user/1000/docker.sock',
      'unix:///home/ada/.docker/run/docker.sock',
      'unix:///run/user/1000/podman/podman.sock',
      'unix:///run/podman/podman.sock',
    ]);
  });

  test('Podman’s machine is found on macOS', () => {
    const path = '/tmp/t/podman/podman-machine-default-api.sock';
    expect(names({ env: { TMPDIR: '/tmp/t/' }, files: { [path]: '' }, platform: 'darwin' })).toEqual([
      `unix://${path}`,
    ]);
  });

  test('the pipes are tried on Windows', () => {
    expect(names({ platform: 'win32' })[0]).toBe('npipe:////./pipe/docker_engine');
  });

  test('what is installed decides what to do', () => {
    const env = { PATH: '/usr/bin:/bin' };
    expect(problem({ env })).toMatch(/No container engine was found/);
    expect(problem({ env, files: { '/bin/docker': '' } })).toMatch(
      /Docker is installed, but its engine is not running/,
    );
    expect(problem({ env, files: { '/usr/bin/podman': '' } })).toMatch(/Podman is installed/);
  });
});
