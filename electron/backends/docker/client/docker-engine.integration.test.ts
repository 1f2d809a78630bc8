import { afterEach, describe, expect, test, vi } from 'vitest';
import type { BackendStatus } from '../../../../shared/backends.ts';
import { LABELS } from '../fleet/labels.ts';
import { type FakeEngine, startFakeEngine } from '../testing/fake-engine.ts';
import { createDockerEngine } from './docker-engine.ts';
import type { ContainerEvent, DockerEngine } from './engine.ts';
import type { EngineTiming } from './engine-connection.ts';

const engines: DockerEngine[] = [];

/** Fast where waiting is what is tested. */
const QUICK: Partial<EngineTiming> = { heartbeatMs: 20, pollMs: 20, retryMs: 5 };

function engineAt(fake: FakeEngine, timing: Partial<EngineTiming> = {}): DockerEngine {
  const engine = createDockerEngine({
    sources: fake.sources,
    // On a busy machine nothing is late before this.
    timing: { pingTimeoutMs: 20_000, ...timing },
    onError(error) {
      throw error;
    },
  });
  engines.push(engine);
  return engine;
}

function nextStatus(engine: DockerEngine, state: BackendStatus['state']): Promise<BackendStatus> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (engine.status.state !== state) return;
      off();
      resolve(engine.status);
    };
    const off = engine.onStatus(check);
    queueMicrotask(check);
  });
}

function nextLoss(engine: DockerEngine): Promise<string> {
  return new Promise((resolve) => {
    const off = engine.onLost((message) => {
      off();
      resolve(message);
    });
  });
}

/** Collects what is reported of a container, and resolves when there are `count`. */
function collect(engine: DockerEngine, id: string): { events: ContainerEvent[]; have(count: number): Promise<void> } {
  const events: ContainerEvent[] = [];
  engine.watch(id, (event) => events.push(event));
  return {
    events,
    have: (count) => vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(count), { timeout: 15_000 }),
  };
}

const inspected = (state: object, labels: object = { [LABELS.app]: '1' }) => ({
  State: { Running: false, Status: 'exited', OOMKilled: false, ExitCode: 0, ...state },
  Config: { Labels: labels },
});

afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

describe('an engine', () => {
  test('is not searched for before it is needed', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    engine.onStatus(() => undefined);
    expect(engine.status).toEqual({ kind: 'docker', state: 'checking' });
    await engine.check();
    expect(fake.requests[0]).toBe('GET /_ping');
  });

  test('says what it is', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    const connected = await engine.connect();
    expect(connected).toMatchObject({
      ok: true,
      info: {
        name: 'Docker 99.1',
        endpoint: fake.sources.env.DOCKER_HOST,
        local: process.platform === 'linux',
        rootless: false,
        runtimes: ['runc', 'runsc'],
        cgroupVersion: 2,
        securityOptions: ['seccomp,profile=builtin'],
      },
    });
    expect(engine.status).toEqual({
      kind: 'docker',
      state: 'available',
      message: `Docker 99.1 at ${fake.sources.env.DOCKER_HOST}`,
      found: [{ text: 'container', open: false }],
    });
  });

  test('is asked once by all who ask at the same time', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    const answers = await Promise.all([engine.connect(), engine.connect(), engine.connect()]);
    expect(new Set(answers.map((answer) => (answer.ok ? answer.client : null))).size).toBe(1);
    expect(fake.requests.filter((request) => request === 'GET /version')).toHaveLength(1);
  });

  test.each<[string, (fake: FakeEngine) => void, RegExp]>([
    ['with Windows containers', (fake) => fake.answer('/info', { OSType: 'windows' }), /runs Windows containers/],
    ['that is too old', (fake) => fake.answer('/version', { Version: '1', ApiVersion: '1.39' }), /is too old/],
    ['that is something else', (fake) => fake.answer('/version', ['hello']), /not a container engine/],
    [
      'that answers with errors',
      (fake) =>
        fake.answer('/_ping', (_, response) => void response.writeHead(503).end('{"message":"starting\\u001b[2J"}')),
      /it answered 503 starting \[2J\.$/,
    ],
    [
      'that breaks off in the middle of an answer',
      (fake) =>
        fake.answer('/info', (_, response) => {
          response.writeHead(200, { 'Content-Length': '100' });
          response.write('{', () => response.destroy());
        }),
      /failed: /,
    ],
    [
      'that never ends an answer',
      (fake) =>
        fake.answer('/info', (_, response) => {
          const more = Buffer.alloc(1024 * 1024, ' ');
          const send = (): void => void (response.write(more) ? setImmediate(send) : response.once('drain', send));
          send();
        }),
      /too long/,
    ],
  ])('%s is unavailable, and says why', async (_, prepare, message) => {
    await using fake = await startFakeEngine();
    prepare(fake);
    const engine = engineAt(fake);
    expect(await engine.connect()).toMatchObject({
      ok: false,
      failure: { stage: 'engine', message: expect.stringMatching(message), hint: expect.stringMatching(/\w/) },
    });
    expect(engine.status).toMatchObject({ state: 'unavailable', message: expect.stringMatching(message) });
    await fake.idle();
  });

  test('that does not answer is unavailable in time', async () => {
    await using fake = await startFakeEngine();
    fake.answer('/_ping', null);
    const engine = engineAt(fake, { pingTimeoutMs: 50 });
    expect(await engine.connect()).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/is not responding/) },
    });
  });

  test('that sends no answer for events until there is one, as Podman does, is available all the same', async () => {
    await using fake = await startFakeEngine();
    fake.answer('/events', null);
    expect(await engineAt(fake).connect()).toMatchObject({ ok: true });
    await fake.asked('GET /events');
  });

  test('that appears is noticed while its state is shown', async () => {
    await using fake = await startFakeEngine({ isStopped: true });
    const engine = engineAt(fake, QUICK);
    await engine.check();
    expect(engine.status.state).toBe('unavailable');
    const available = nextStatus(engine, 'available');
    await fake.start();
    expect(await available).toMatchObject({ message: expect.stringMatching(/^Docker 99.1/) });
  });

  test('leaves no connection behind when it is closed', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    await engine.connect();
    await fake.asked('GET /events');
    fake.answer('/images/json', null);
    const offers = engine.offers();
    await fake.asked('GET /images/json');
    engine.close();
    await fake.idle();
    expect(await offers).toEqual({ images: [], networks: [], runtimes: [] });
    expect(await engine.connect()).toMatchObject({ ok: false });
    expect(await engine.remove('a'.repeat(64))).toBe(false);
  });
});

describe('a pull', () => {
  test('that is cancelled lets go of the engine', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    const pull = Promise.withResolvers<void>();
    fake.answer('/images/create', (_, response) => {
      response.write('{"id":"a","status":"Downloading","progressDetail":{"current":1,"total":2}}\n');
      response.once('close', pull.resolve);
    });
    const abort = new AbortController();
    const result = engine.image(
      { image: 'x', pull: 'always' },
      ({ detail }) => {
        if (detail !== '') abort.abort();
      },
      abort.signal,
    );
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
    await pull.promise;
    expect(engine.status.state).toBe('available');
  });
});

describe('the loss of an engine', () => {
  test('is noticed when its connection breaks, and its return too', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, { ...QUICK, heartbeatMs: 60_000 });
    await engine.connect();
    await fake.asked('GET /events');
    const reachable = vi.fn();
    engine.onReachable(reachable);
    const lost = nextLoss(engine);
    await fake.stop();
    expect(await lost).toMatch(/Docker 99.1 at .* has stopped|is not running|No container engine/);
    expect(engine.status.state).toBe('unavailable');
    const available = nextStatus(engine, 'available');
    await fake.start();
    await available;
    expect(reachable).toHaveBeenCalledTimes(1);
  });

  test('is noticed when it hangs, while something is watched', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, { ...QUICK, pingTimeoutMs: 2_000 });
    await engine.connect();
    collect(engine, 'a'.repeat(64));
    await fake.asked('GET /_ping', 3);
    const lost = nextLoss(engine);
    fake.answer('/_ping', null);
    expect(await lost).toMatch(/is not responding/);
  });

  test('is not believed after one question without an answer', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, { ...QUICK, pingTimeoutMs: 2_000 });
    await engine.connect();
    const lost = vi.fn();
    engine.onLost(lost);
    let isDeaf = true;
    fake.answer('/_ping', (_, response) => {
      if (isDeaf) isDeaf = false;
      else response.end('OK');
    });
    const asked = fake.requests.filter((request) => request === 'GET /_ping').length;
    collect(engine, 'a'.repeat(64));
    await fake.asked('GET /_ping', asked + 3);
    expect(lost).not.toHaveBeenCalled();
    expect(engine.status.state).toBe('available');
  });

  test('is not polled while nothing is watched', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, QUICK);
    await engine.connect();
    const unwatch = engine.watch('a'.repeat(64), () => undefined);
    await fake.asked('GET /_ping', 3);
    unwatch();
    // A check that was under way is answered before this one.
    await engine.check();
    const { length } = fake.requests;
    for (let turn = 0; turn < 5; turn += 1) await engine.offers();
    expect(fake.requests.slice(length)).not.toContain('GET /_ping');
  });

  test('is reported before the ends that it has caused', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, { pollMs: 60_000, retryMs: 60_000 });
    await engine.connect();
    await fake.asked('GET /events');
    const id = 'a'.repeat(64);
    const { events } = collect(engine, id);
    const lost = nextLoss(engine);
    fake.answer('/_ping', (request) => void request.socket.destroy());
    fake.emit('kill', id, { signal: '15' });
    fake.emit('die', id, { exitCode: '143' });
    await lost;
    expect(events.filter(({ kind }) => kind === 'die')).toEqual([]);
  });

  test('ends a pull', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, { pollMs: 60_000, retryMs: 60_000 });
    fake.answer('/images/create', null);
    const result = engine.image({ image: 'x', pull: 'always' }, () => undefined, new AbortController().signal);
    await fake.asked('POST /images/create');
    await fake.asked('GET /events');
    await fake.stop();
    expect(await result).toMatchObject({ ok: false, failure: { stage: 'engine' } });
  });
});

describe('events', () => {
  test('reach those who watch the container, until they stop', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    await engine.connect();
    await fake.asked('GET /events');
    const id = 'a'.repeat(64);
    const other = collect(engine, 'b'.repeat(64));
    const { events, have } = collect(engine, id);
    fake.emit('start', id);
    fake.emit('oom', id);
    fake.emit('kill', id, { signal: '9' });
    fake.emit('kill', id, { signal: 'SIGHUP' });
    fake.emit('kill', id, { signal: '\u001b]0;x' });
    fake.emit('die', id, { exitCode: '137' });
    fake.emit('destroy', id);
    await have(6);
    expect(events).toEqual([
      { kind: 'oom' },
      { kind: 'kill', signal: 'SIGKILL' },
      { kind: 'kill', signal: 'SIGHUP' },
      { kind: 'kill', signal: 'SIG?' },
      { kind: 'die', exitCode: 137 },
      { kind: 'destroy' },
    ]);
    expect(other.events).toEqual([]);
  });

  test('are read in any pieces, and what is none is left out', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    await engine.connect();
    await fake.asked('GET /events');
    const id = 'a'.repeat(64);
    const { events, have } = collect(engine, id);
    fake.emitRaw('not json\n{"Type":"container"}\n[]\n\n');
    fake.emitRaw(`{"Type":"container","Action":"oom","Actor":{"ID":"${id}","x":"${'x'.repeat(1_000_000)}"}}\n`);
    const line = JSON.stringify({ Type: 'container', Action: 'oom', Actor: { ID: id } });
    for (const character of line) fake.emitRaw(character);
    fake.emitRaw('\n');
    await have(1);
    expect(events).toEqual([{ kind: 'oom' }]);
  });

  test('that were missed are made good when the engine ends their connection in good order', async () => {
    await using fake = await startFakeEngine();
    // Longer than what is taken for a connection that is not available.
    const engine = createDockerEngine({
      sources: fake.sources,
      timing: { pingTimeoutMs: 20_000, shortestStreamMs: 0 },
      onError(error) {
        throw error;
      },
    });
    engines.push(engine);
    await engine.connect();
    await fake.asked('GET /events');
    const [ended, gone, running] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    const first = collect(engine, ended ?? '');
    const second = collect(engine, gone ?? '');
    const third = collect(engine, running ?? '');
    fake.answer(`/containers/${ended}/json`, inspected({ OOMKilled: true, ExitCode: 137 }));
    fake.answer(`/containers/${running}/json`, inspected({ Running: true, Status: 'running' }));
    for (const stream of fake.streams) stream.end();
    await Promise.all([first.have(2), second.have(1)]);
    expect(first.events).toEqual([{ kind: 'oom' }, { kind: 'die', exitCode: 137 }]);
    expect(second.events).toEqual([{ kind: 'destroy' }]);
    await fake.asked('GET /events', 2);
    expect(third.events).toEqual([]);
    expect(engine.status.state).toBe('available');
  });
});

describe('a removal', () => {
  const id = 'a'.repeat(64);
  const request = `DELETE /containers/${id}`;

  test('takes only containers of the app', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    fake.answer(`/containers/${id}/json`, inspected({}, { other: '1' }));
    fake.answer(`/containers/${id}`, {});
    expect(await engine.remove(id)).toBe(false);
    expect(fake.requests).not.toContain(request);
  });

  test('of a container that is gone, or is being removed, is done', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake);
    expect(await engine.remove('b'.repeat(64))).toBe(true);
    fake.answer(`/containers/${id}/json`, inspected({}));
    fake.answer(`/containers/${id}`, (_, response) => {
      response.writeHead(409).end('{"message":"removal of container a is already in progress"}');
    });
    expect(await engine.remove(id)).toBe(true);
  });

  test('that the engine refuses is tried again', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, QUICK);
    fake.answer(`/containers/${id}/json`, inspected({}));
    let refusals = 2;
    fake.answer(`/containers/${id}`, (_, response) => {
      refusals -= 1;
      response.writeHead(refusals >= 0 ? 500 : 204).end();
    });
    expect(await engine.remove(id)).toBe(false);
    await fake.asked(request, 3);
  });

  test('that cannot be done is done when the engine is back, without another request', async () => {
    await using fake = await startFakeEngine();
    const engine = engineAt(fake, QUICK);
    await engine.connect();
    await fake.stop();
    fake.answer(`/containers/${id}/json`, inspected({}));
    fake.answer(`/containers/${id}`, {});
    expect(await engine.remove(id)).toBe(false);
    await fake.start();
    await fake.asked(request);
  });
});
