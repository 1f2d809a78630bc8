import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { createDockerEngine } from '../client/docker-engine.ts';
import { systemSources } from '../client/endpoint-sources.ts';
import type { ImageResult } from '../client/engine.ts';
import { startRegistry } from '../testing/registry.ts';
import { runCredentialHelper } from './credential-helper.ts';
import { createRegistryCredentials, registryOf } from './registry-credentials.ts';

const testEngine = await findTestEngine();
const PASSWORD = 'pa:ss wörd';
const ACCOUNT = `ada:${PASSWORD}`;
const NOW = new AbortController().signal;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-registry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The environment of an app whose docker command has this configuration. */
function environment(config: object | string): Record<string, string | undefined> {
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    DOCKER_CONFIG: folder,
    DOCKER_AUTH_CONFIG: undefined,
  };
}

/** Puts a credential helper there that runs this script, and notes what it was asked. */
function helper(name: string, script: string): void {
  const text = `#!/bin/sh\nread -r server\necho "$1 $server" >>${folder}/asked\n${script}\n`;
  writeFileSync(join(folder, `docker-credential-${name}`), text, { mode: 0o755 });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What the engine is sent for a registry; null for nothing. */
async function authFor(registry: string, env: Record<string, string | undefined>): Promise<unknown> {
  const { header } = await createRegistryCredentials({ ...systemSources(), env }).find(registry, NOW);
  return header === null ? null : JSON.parse(Buffer.from(header, 'base64url').toString());
}

describe.runIf(testEngine.ok)('an image of a private registry', { ...needs(testEngine), timeout: 120_000 }, () => {
  const obtain = async (
    image: string,
    pull: 'missing' | 'always',
    env: Record<string, string | undefined>,
  ): Promise<ImageResult> => {
    const engine = createDockerEngine({
      sources: { ...systemSources(), env },
      onError(error) {
        throw error;
      },
    });
    try {
      return await engine.image({ image, pull }, () => undefined, NOW);
    } finally {
      engine.close();
    }
  };
  const remove = async (image: string): Promise<void> => {
    if (testEngine.ok) await testEngine.docker.removeImage(image).catch(() => undefined);
  };

  test('is pulled with the credentials of “docker login”, also when it is there and the profile always pulls', async () => {
    await using registry = await startRegistry([1_000], false, ACCOUNT);
    const image = registry.reference();
    const env = environment({ auths: { [registry.host]: { auth: base64(ACCOUNT) } } });
    expect(await obtain(image, 'missing', env)).toMatchObject({ ok: true, image: { id: registry.imageId } });
    const { manifestRequests } = registry;
    expect(await obtain(image, 'always', env)).toMatchObject({ ok: true });
    expect(registry.manifestRequests).toBeGreaterThan(manifestRequests);
    await remove(image);
  });

  test('is pulled with what the registry’s credential helper gives', async () => {
    await using registry = await startRegistry([1_000], false, ACCOUNT);
    const image = registry.reference();
    helper('own', `echo '{"ServerURL":"${registry.host}","Username":"ada","Secret":"${PASSWORD}"}'`);
    helper('all', 'echo "{}"');
    const env = environment({
      auths: { [registry.host]: {} },
      credHelpers: { [registry.host]: 'own' },
      credsStore: 'all',
    });
    expect(await obtain(image, 'missing', env)).toMatchObject({ ok: true });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(`get ${registry.host}\n`);
    await remove(image);
  });

  test('says where to sign in without a login, and why when the helper is missing', async () => {
    await using registry = await startRegistry([1_000], false, ACCOUNT);
    const image = registry.reference();
    expect(await obtain(image, 'missing', environment({}))).toMatchObject({
      ok: false,
      failure: {
        stage: 'pull',
        message: expect.stringContaining('unauthorized: you are not signed in'),
        hint: expect.stringContaining(`“docker login ${registry.host}”`),
      },
    });
    const missing = await obtain(image, 'missing', environment({ credsStore: 'not-installed' }));
    expect(missing).toMatchObject({
      ok: false,
      failure: { hint: expect.stringContaining('docker-credential-not-installed is not installed') },
    });
  });

  test('that the stored credentials do not give says so, repeats none of them, and offers the copy that is there', async () => {
    await using registry = await startRegistry([1_000], false, ACCOUNT);
    const image = registry.reference();
    const good = environment({ auths: { [registry.host]: { auth: base64(ACCOUNT) } } });
    expect(await obtain(image, 'missing', good)).toMatchObject({ ok: true });
    const wrong = environment({ auths: { [registry.host]: { auth: base64('ada:not-the-password') } } });
    const refused = await obtain(image, 'always', wrong);
    expect(refused).toMatchObject({
      ok: false,
      failure: {
        message: expect.stringContaining('refused the stored credentials'),
        hint: expect.stringMatching(/older copy.*pull only a missing image/),
      },
    });
    expect(JSON.stringify(refused)).not.toMatch(/not-the-password|ada/);
    expect(await obtain(image, 'missing', wrong)).toMatchObject({ ok: true });
    await remove(image);
  });
});

test('a reference’s registry is its host, or Docker Hub', () => {
  expect(['debian', 'library/debian', 'docker.io/a/b', 'index.docker.io/a/b'].map(registryOf)).toEqual(
    Array.from({ length: 4 }, () => 'docker.io'),
  );
  expect(['ghcr.io/a/b', 'localhost/a', 'localhost:5000/a', 'host:1/a'].map(registryOf)).toEqual([
    'ghcr.io',
    'localhost',
    'localhost:5000',
    'host:1',
  ]);
});

describe('credentials are found as the docker command finds them', () => {
  test('Docker Hub’s under its old address, others also with a scheme and a path', async () => {
    const auths = {
      'https://index.docker.io/v1/': { auth: base64('hub:one') },
      'https://ghcr.io/v2/': { auth: base64('cat:two\0') },
    };
    const env = environment({ auths });
    const hub = { username: 'hub', password: 'one', serveraddress: 'https://index.docker.io/v1/' };
    expect(await authFor('docker.io', env)).toEqual(hub);
    expect(await authFor('ghcr.io', env)).toEqual({ username: 'cat', password: 'two', serveraddress: 'ghcr.io' });
    expect(await authFor('quay.io', env)).toBeNull();
  });

  test('identity tokens of the file and of a helper', async () => {
    const env = environment({
      auths: { 'a.example': { auth: base64('x:'), identitytoken: 'T1' } },
      credHelpers: { 'b.example': 'tok' },
    });
    helper('tok', `echo '{"ServerURL":"b.example","Username":"<token>","Secret":"T2"}'`);
    expect(await authFor('a.example', env)).toMatchObject({ identitytoken: 'T1', serveraddress: 'a.example' });
    expect(await authFor('b.example', env)).toEqual({ identitytoken: 'T2', serveraddress: 'b.example' });
  });

  test('those of DOCKER_AUTH_CONFIG first, the store for all where a registry has no helper of its own', async () => {
    helper('all', `echo '{"Username":"store","Secret":"S"}'`);
    const env = environment({ auths: { 'a.example': {} }, credsStore: 'all' });
    const given = JSON.stringify({ auths: { 'b.example': { auth: base64('variable:V') } } });
    expect(await authFor('a.example', env)).toMatchObject({ username: 'store' });
    expect(await authFor('b.example', { ...env, DOCKER_AUTH_CONFIG: given })).toMatchObject({ username: 'variable' });
  });

  test('none where there is no configuration, or one that cannot be read, which is said', async () => {
    const find = (env: Record<string, string | undefined>) =>
      createRegistryCredentials({ ...systemSources(), env }).find('a.example', NOW);
    expect(await find({ DOCKER_CONFIG: join(folder, 'none') })).toEqual({ header: null, problem: null });
    expect(await find(environment('{'))).toEqual({ header: null, problem: expect.stringContaining('not valid JSON') });
    // One part that is wrong costs that part.
    const partly = environment({ auths: { 'a.example': { auth: base64('a:b') } }, credHelpers: 7, credsStore: null });
    expect(await authFor('a.example', partly)).toMatchObject({ username: 'a' });
  });
});

describe('credentials of Podman', () => {
  /** The environment of an app with these files of Podman's, and what the docker command has. */
  function podman(files: { runtime?: object | string; config?: object }, docker: object = {}) {
    const write = (place: string, content: object | string): void => {
      mkdirSync(join(folder, place, 'containers'), { recursive: true });
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      writeFileSync(join(folder, place, 'containers', 'auth.json'), text);
    };
    if (files.runtime !== undefined) write('runtime', files.runtime);
    if (files.config !== undefined) write('xdg', files.config);
    return {
      ...environment(docker),
      REGISTRY_AUTH_FILE: undefined,
      XDG_RUNTIME_DIR: join(folder, 'runtime'),
      XDG_CONFIG_HOME: join(folder, 'xdg'),
    };
  }
  const auth = (account: string) => ({ auth: base64(account) });
  const find = (env: Record<string, string | undefined>, registry: string, path = '') =>
    createRegistryCredentials({ ...systemSources(), platform: 'linux', env }).find(registry, NOW, path);
  const userFor = async (...asked: Parameters<typeof find>): Promise<unknown> => {
    const { header } = await find(...asked);
    return header === null ? null : JSON.parse(Buffer.from(header, 'base64url').toString()).username;
  };

  test('come after those of the docker command, the runtime folder’s first', async () => {
    const env = podman(
      {
        runtime: { auths: { 'b.example': auth('runtime:B'), 'docker.io': auth('hub:H') } },
        config: { auths: { 'b.example': auth('config:B'), 'c.example': auth('config:C') } },
      },
      { auths: { 'a.example': auth('docker:A') } },
    );
    expect(await userFor(env, 'a.example')).toBe('docker');
    expect(await userFor(env, 'b.example')).toBe('runtime');
    expect(await userFor(env, 'c.example')).toBe('config');
    expect(await userFor(env, 'docker.io', 'library/debian')).toBe('hub');
    expect(await userFor(env, 'd.example')).toBeNull();
  });

  test('are those of the longest part of the repository’s name, and never those of another part', async () => {
    const env = podman({
      config: { auths: { 'a.example/team': auth('team:T'), 'a.example/team/app': auth('app:A'), 'b.example': {} } },
    });
    expect(await userFor(env, 'a.example', 'team/app')).toBe('app');
    expect(await userFor(env, 'a.example', 'team/other')).toBe('team');
    expect(await userFor(env, 'a.example', 'teams/app')).toBeNull();
    expect(await userFor(env, 'a.example', 'else')).toBeNull();
  });

  test('come from the file that REGISTRY_AUTH_FILE names alone, and from its helpers', async () => {
    helper('pod', `echo '{"Username":"helped","Secret":"S"}'`);
    const named = join(folder, 'named.json');
    writeFileSync(named, JSON.stringify({ credHelpers: { 'a.example': 'pod' } }));
    const env = { ...podman({ config: { auths: { 'b.example': auth('config:B') } } }), REGISTRY_AUTH_FILE: named };
    expect(await userFor(env, 'a.example')).toBe('helped');
    expect(await userFor(env, 'b.example')).toBeNull();
  });

  test('that cannot be read are said to be, and do not hide those of the next file', async () => {
    const env = podman({ runtime: '{', config: { auths: { 'a.example': auth('config:A') } } });
    expect(await userFor(env, 'a.example')).toBe('config');
    expect(await find(env, 'b.example')).toEqual({
      header: null,
      problem: expect.stringContaining('runtime/containers/auth.json is not valid JSON'),
    });
  });
});

describe('a credential helper', () => {
  const ask = (name: string, timeoutMs = 30_000, signal = NOW) =>
    runCredentialHelper(name, 'a.example', { environment: environment({}), signal, timeoutMs });

  test.each([
    ['none', 'echo "credentials not found in native keychain"; exit 1', { kind: 'none' }],
    [
      'fails',
      'echo "hidden $server"; echo hidden >&2; exit 3',
      { kind: 'failed', message: 'docker-credential-fails failed with exit status 3.' },
    ],
    ['odd', 'echo hidden', { kind: 'failed', message: 'docker-credential-odd did not print credentials.' }],
    ['floods', 'exec yes', { kind: 'failed', message: 'docker-credential-floods printed more than 64 KiB.' }],
    ['deaf', 'exec <&-; echo \'{"Username":"u","Secret":"s"}\'', { kind: 'found', username: 'u', secret: 's' }],
  ])('that %s', async (name, script, expected) => {
    helper(name, script);
    expect(await ask(name)).toEqual(expected);
  });

  test('that does not answer is stopped', async () => {
    helper('hangs', `echo $$ >${folder}/pid; exec sleep 1000`);
    expect(await ask('hangs', 1_000)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('did not answer'),
    });
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('is never a path', async () => {
    expect(await ask('../../bin/sh')).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('cannot exist'),
    });
  });
});
