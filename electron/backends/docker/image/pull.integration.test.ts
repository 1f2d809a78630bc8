import { afterEach, describe, expect, test } from 'vitest';
import type { StartProgress } from '../../../../shared/session.ts';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { createDockerEngine } from '../client/docker-engine.ts';
import type { DockerEngine, ImageResult } from '../client/engine.ts';
import { startRegistry } from '../testing/registry.ts';
import { splitReference } from './pull.ts';
import { explainPull } from './pull-failures.ts';

const testEngine = await findTestEngine();
const engines: DockerEngine[] = [];
const pulled: string[] = [];

function newEngine(): DockerEngine {
  const engine = createDockerEngine({
    onError(error) {
      throw error;
    },
  });
  engines.push(engine);
  return engine;
}

interface Attempt {
  readonly result: Promise<ImageResult>;
  readonly progress: StartProgress[];
  readonly abort: AbortController;
}

function obtain(image: string, pull: 'missing' | 'always' | 'never', engine = newEngine()): Attempt {
  const abort = new AbortController();
  const progress: StartProgress[] = [];
  pulled.push(image);
  return { result: engine.image({ image, pull }, (step) => progress.push(step), abort.signal), progress, abort };
}

afterEach(async () => {
  for (const engine of engines.splice(0)) engine.close();
  if (!testEngine.ok) return;
  for (const image of pulled.splice(0)) {
    await testEngine.docker.removeImage(image).catch(() => undefined);
  }
});

describe.runIf(testEngine.ok)('an image', { ...needs(testEngine), timeout: 120_000 }, () => {
  test('that is missing is pulled once, with its id and digest', async () => {
    await using registry = await startRegistry([200_000, 100_000, 50_000]);
    const image = registry.reference();
    const first = obtain(image, 'missing');
    expect(await first.result).toEqual({
      ok: true,
      image: { reference: image, id: registry.imageId, digest: `${image.replace(/:one$/, '')}@${registry.digest}` },
    });
    const { manifestRequests } = registry;
    const second = obtain(image, 'missing');
    expect(await second.result).toEqual(await first.result);
    expect(second.progress).toEqual([]);
    expect(registry.manifestRequests).toBe(manifestRequests);
  });

  test('of a profile that always pulls is asked for each time', async () => {
    await using registry = await startRegistry([1_000]);
    const image = registry.reference();
    expect(await obtain(image, 'always').result).toMatchObject({ ok: true });
    const { manifestRequests } = registry;
    expect(await obtain(image, 'always').result).toMatchObject({ ok: true });
    expect(registry.manifestRequests).toBeGreaterThan(manifestRequests);
  });

  test('of a profile that never pulls has to be there', async () => {
    await using registry = await startRegistry([1_000]);
    const image = registry.reference();
    const { result } = obtain(image, 'never');
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'image' } });
    expect(registry.manifestRequests).toBe(0);
  });

  test('reports the progress of its pull', async () => {
    await using registry = await startRegistry([300_000, 3_000_000], true);
    const { result, progress } = obtain(registry.reference(), 'missing');
    await registry.stalled;
    registry.release();
    expect(await result).toMatchObject({ ok: true });
    expect(progress[0]).toMatchObject({ stage: 'pull', message: `Pulling ${registry.reference()}`, fraction: null });
    expect(progress.some(({ detail }) => /^\d of 2 layers/.test(detail))).toBe(true);
    const fractions = progress.flatMap(({ fraction }) => (fraction === null ? [] : [fraction]));
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  test('that is cancelled is pulled no further', async () => {
    await using registry = await startRegistry([1_000, 3_000_000], true);
    const { result, abort } = obtain(registry.reference(), 'missing');
    await registry.stalled;
    abort.abort();
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
    registry.release();
    expect(await obtain(registry.reference(), 'never').result).toMatchObject({ ok: false });
  });

  test('that was cancelled before is not asked for', async () => {
    await using registry = await startRegistry([1_000]);
    const abort = AbortSignal.abort();
    const result = newEngine().image({ image: registry.reference(), pull: 'always' }, () => undefined, abort);
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
    expect(registry.manifestRequests).toBe(0);
  });

  test('that cannot be pulled says why', async () => {
    await using registry = await startRegistry([1_000]);
    const failureOf = async (image: string) => {
      const result = await obtain(image, 'missing').result;
      return result.ok ? null : result.failure;
    };
    expect(await failureOf(registry.reference('absent'))).toMatchObject({
      stage: 'pull',
      message: expect.stringMatching(/^There is no image/),
    });
    expect(await failureOf(registry.reference('private'))).toMatchObject({
      stage: 'pull',
      message: expect.stringMatching(/unauthorized: you are not signed in/),
    });
    expect(await failureOf(registry.reference('foreign'))).toMatchObject({
      stage: 'image',
      message: expect.stringMatching(/not offered for the processor/),
    });
    expect(await failureOf('127.0.0.1:1/nothing:here')).toMatchObject({
      stage: 'pull',
      message: expect.stringMatching(/cannot be reached/),
    });
  });

  test('whose engine goes away meanwhile fails with the engine', async () => {
    await using registry = await startRegistry([1_000, 3_000_000], true);
    const engine = newEngine();
    const { result } = obtain(registry.reference(), 'missing', engine);
    await registry.stalled;
    engine.close();
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'engine' } });
  });
});

test('a reference names a repository and a tag or a digest', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(splitReference('debian')).toEqual({ repository: 'debian', tag: 'latest' });
  expect(splitReference('debian:12')).toEqual({ repository: 'debian', tag: '12' });
  expect(splitReference('host:5000/a/b')).toEqual({ repository: 'host:5000/a/b', tag: 'latest' });
  expect(splitReference('host:5000/a/b:c')).toEqual({ repository: 'host:5000/a/b', tag: 'c' });
  expect(splitReference(`debian:12@${digest}`)).toEqual({ repository: 'debian', tag: digest });
  for (const hostile of ['a/../../containers/x', './a', 'a//b', 'a@', 'a@b@c', ':x', 'a:']) {
    expect(splitReference(hostile)).toBeNull();
  }
});

test.each([
  ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', 'pull', /disk .* is full/],
  ['toomanyrequests: You have reached your pull rate limit.', 'pull', /more requests/],
  [
    "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'pull',
    /image x does not exist, or it is private and you are not signed in/,
  ],
  ['no matching manifest for linux/arm64/v8 in the manifest list entries', 'image', /not offered for the processor/],
  ['image operating system "windows" cannot be used on this platform', 'image', /not offered/],
  ['Get "https://x/v2/": dial tcp: lookup x: no such host', 'pull', /cannot be reached/],
  ['Get "https://x/v2/": net/http: TLS handshake timeout', 'pull', /cannot be reached/],
  ['something unheard of', 'pull', /could not be pulled/],
])('an engine that says “%s”', (said, stage, message) => {
  const failure = explainPull('x', said);
  expect(failure).toMatchObject({ stage, message: expect.stringMatching(message) });
  expect(failure.hint).toContain(said);
});

test('an engine’s text cannot write on the terminal', () => {
  const { hint } = explainPull('x', 'a\u001b]0;b\u0007\r\nc\u202Ed'.padEnd(10_000, '!'));
  expect(hint).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(hint.length).toBeLessThan(500);
});
