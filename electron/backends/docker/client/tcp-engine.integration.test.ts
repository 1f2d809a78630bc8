import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startFakeEngine } from '../testing/fake-engine.ts';
import { createDockerEngine } from './docker-engine.ts';
import { type EndpointSources, systemSources } from './endpoint-sources.ts';
import type { DockerEngine } from './engine.ts';

const engines: DockerEngine[] = [];

function engineAt(env: Record<string, string | undefined>): DockerEngine {
  const sources: EndpointSources = { ...systemSources(), env };
  const engine = createDockerEngine({
    sources,
    timing: { pingTimeoutMs: 20_000 },
    onError(error) {
      throw error;
    },
  });
  engines.push(engine);
  return engine;
}

afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

test('an engine on a port of this machine is reached, and is not taken for a local one', async () => {
  await using fake = await startFakeEngine({ isTcp: true });
  const engine = engineAt(fake.sources.env);
  expect(await engine.connect()).toMatchObject({
    ok: true,
    info: { endpoint: fake.sources.env.DOCKER_HOST, local: false },
  });
  expect(await engine.offers()).toEqual({ images: [], networks: [], runtimes: ['runc', 'runsc'] });
});

test('other variables of the environment do not change where the engine is searched for', async () => {
  await using fake = await startFakeEngine();
  const before = { ...process.env };
  process.env.DOCKER_HOST = 'tcp://127.0.0.1:1/elsewhere';
  process.env.DOCKER_CLIENT_TIMEOUT = '1';
  try {
    expect(await engineAt(fake.sources.env).connect()).toMatchObject({ ok: true });
    await fake.asked('GET /events');
  } finally {
    for (const name of ['DOCKER_HOST', 'DOCKER_CLIENT_TIMEOUT']) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
const openssl = hasOpenssl ? { ok: true } : { ok: false, why: 'openssl, to make certificates' };

describe.runIf(openssl.ok)(
  'an engine behind TLS',
  openssl.ok ? {} : { meta: { needs: `needs ${openssl.why}` } },
  () => {
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'sandglass-tls-'));
      const run = (...args: string[]): void => {
        execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', timeout: 60_000 });
      };
      for (const authority of ['ca', 'other']) {
        const files = ['-keyout', `${authority}-key.pem`, '-out', `${authority}.pem`];
        run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${authority}`, ...files);
      }
      writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost');
      for (const name of ['server', 'client']) {
        const key = name === 'client' ? 'key.pem' : `${name}-key.pem`;
        run('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', `${name}.csr`);
        const out = name === 'client' ? 'cert.pem' : `${name}.pem`;
        const authority = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-extfile', 'names'];
        run('x509', '-req', '-days', '2', '-in', `${name}.csr`, '-out', out, ...authority);
      }
    }, 120_000);

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    const file = (name: string): Buffer => readFileSync(join(folder, name));
    const serve = () =>
      startFakeEngine({
        isTcp: true,
        tls: {
          cert: file('server.pem'),
          key: file('server-key.pem'),
          ca: file('ca.pem'),
          requestCert: true,
          rejectUnauthorized: true,
        },
      });

    test('is reached with certificates that both sides check', async () => {
      await using fake = await serve();
      const engine = engineAt({ ...fake.sources.env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder });
      expect(await engine.connect()).toMatchObject({ ok: true });
      await fake.asked('GET /events');
    });

    test('with a certificate of another authority is not used', async () => {
      await using fake = await serve();
      const elsewhere = mkdtempSync(join(tmpdir(), 'sandglass-tls-'));
      for (const name of ['cert.pem', 'key.pem']) writeFileSync(join(elsewhere, name), file(name));
      writeFileSync(join(elsewhere, 'ca.pem'), file('other.pem'));
      const engine = engineAt({ ...fake.sources.env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: elsewhere });
      expect(await engine.connect()).toMatchObject({
        ok: false,
        failure: { stage: 'engine', message: expect.stringMatching(/encrypted connection/) },
      });
      expect(fake.requests).toEqual([]);
      rmSync(elsewhere, { recursive: true, force: true });
    });

    test('is not reached without encryption', async () => {
      await using fake = await serve();
      expect(await engineAt(fake.sources.env).connect()).toMatchObject({ ok: false, failure: { stage: 'engine' } });
    });
  },
);
