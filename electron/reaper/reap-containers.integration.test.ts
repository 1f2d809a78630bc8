import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { LABELS } from '../backends/docker/fleet/labels.ts';
import { isAlive } from '../backends/testing/shells.ts';
import { findTestEngine, needs, removeContainers } from '../testing/container-engine.ts';
import type { DockerApi } from '../testing/docker-api.ts';
import { ownEngine, ownEngineSupport } from '../testing/own-engine.ts';
import { reapContainers } from './reap-containers.ts';
import { startApp } from './testing/apps.ts';

const engine = await findTestEngine();
const own = ownEngineSupport(engine);
const socketOf = (host: string): string => host.slice('unix://'.length);
let count = 0;
/** A start that no other app's containers name. */
const uniqueStart = (): string => `${process.pid}-${++count}`;

async function exists(docker: DockerApi, id: string): Promise<boolean> {
  const found = await docker.listContainers({ all: true, filters: { id: [id] } });
  return found.length > 0;
}

/** Resolves when none of the containers is left. */
const gone = (docker: DockerApi, ids: readonly string[], timeout: number): Promise<void> =>
  vi.waitFor(
    async () => {
      for (const id of ids) expect(await exists(docker, id)).toBe(false);
    },
    { timeout, interval: 50 },
  );

describe.runIf(engine.ok)('containers of an app that is killed', needs(engine), () => {
  if (!engine.ok) return;
  const { docker, image } = engine;
  const socket = socketOf(engine.host);
  const made: string[] = [];
  const foreign = async (labels: Record<string, string>): Promise<string> => {
    const { id } = await docker.createContainer({ Image: image, Cmd: ['sleep', '1000'], Labels: labels });
    made.push(id);
    return id;
  };
  afterEach(() => removeContainers(docker, made.splice(0)));

  test('are removed, those too whose ids the app did not live to register; others are left alone', async () => {
    const start = uniqueStart();
    await using app = await startApp({ socket, image, containers: [true, false, true], start });
    made.push(...app.containers);
    const labels = {
      [LABELS.app]: '1',
      [LABELS.ownerHost]: 'stand-in',
      [LABELS.ownerPid]: String(app.process.pid),
      [LABELS.ownerStart]: start,
    };
    const ofReusedPid = await foreign({ ...labels, [LABELS.ownerStart]: `${start}0` });
    const ofNobody = await foreign({});
    // As of an image that the user has made of one of the app's containers.
    const ofUser = await foreign({ ...labels, [LABELS.container]: 'sandglass-another' });
    await app.kill();
    // The promise is 5 s; the engine shares its machine with other tests.
    await gone(docker, app.containers, 15_000);
    await vi.waitFor(() => expect(isAlive(app.reaper ?? 0)).toBe(false), { timeout: 10_000 });
    expect(await exists(docker, ofReusedPid)).toBe(true);
    expect(await exists(docker, ofNobody)).toBe(true);
    expect(await exists(docker, ofUser)).toBe(true);
  }, 60_000);

  test('are removed while they are paused', async () => {
    await using app = await startApp({ socket, image, containers: [true], start: uniqueStart() });
    made.push(...app.containers);
    const [id = ''] = app.containers;
    await docker.getContainer(id).pause();
    await app.kill();
    await gone(docker, [id], 15_000);
  }, 60_000);

  test('do not include one without the app’s label, even if it was registered', async () => {
    const id = await foreign({});
    await reapContainers({
      address: { kind: 'socket', path: socket },
      containers: [id],
      owner: null,
      isAll: false,
      spared: new Set(),
      signal: AbortSignal.timeout(10_000),
    });
    expect(await exists(docker, id)).toBe(true);
  });

  test('of two apps are distinguished: those of the one that lives stay until it quits', async () => {
    await using first = await startApp({ socket, image, containers: [true], start: uniqueStart() });
    await using second = await startApp({ socket, image, containers: [true], start: uniqueStart() });
    made.push(...first.containers, ...second.containers);
    await first.kill();
    await gone(docker, first.containers, 15_000);
    expect(await exists(docker, second.containers[0] ?? '')).toBe(true);
    await second.quit();
    await gone(docker, second.containers, 15_000);
  }, 60_000);
});

describe.runIf(own.ok)('with an engine that is away when the app dies', needs(own), () => {
  test('containers are removed when it is back', async () => {
    await using away = await ownEngine(engine);
    await using app = await startApp({
      socket: socketOf(away.host),
      image: away.image,
      containers: [true, false],
      start: uniqueStart(),
    });
    await away.stop();
    await app.kill();
    await away.start();
    await gone(away.docker, app.containers, 20_000);
    await vi.waitFor(() => expect(isAlive(app.reaper ?? 0)).toBe(false), { timeout: 10_000 });
  }, 180_000);
});

describe('an engine that answers anything', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-reap-'));
  const path = join(folder, 'engine.sock');
  const id = 'b'.repeat(64);
  const owner = { host: 'here', pid: '1', start: '1' };
  const left = {
    address: { kind: 'socket', path } as const,
    containers: [id],
    owner,
    isAll: true,
    spared: new Set<string>(),
  };

  async function withEngine(answer: RequestListener, run: () => Promise<void>): Promise<void> {
    const server = createServer(answer).listen(path);
    await once(server, 'listening');
    await run();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  afterEach(() => rmSync(path, { force: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, RequestListener]>([
    ['no JSON', (_, response) => response.end('{"Id":')],
    ['something else', (_, response) => response.end('[{"Id":"../../images/x"}]')],
    ['failure', (_, response) => response.writeHead(500).end()],
    ['nothing', (request) => request.socket.destroy()],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'Content-Length': 100 }).write('[') && response.destroy(),
    ],
  ])('%s: it is asked again until it is given up, without harm', async (_, answer) => {
    const methods: (string | undefined)[] = [];
    const giveUp = new AbortController();
    await withEngine(
      (request, response) => {
        methods.push(request.method);
        if (methods.length === 2) giveUp.abort();
        answer(request, response);
      },
      () => reapContainers({ ...left, signal: giveUp.signal }),
    );
    expect(methods).toEqual(['GET', 'GET']);
  });

  test('a container that cannot be removed at once is tried again, and the engine is polled twice in the end', async () => {
    const requests: string[] = [];
    let isThere = true;
    await withEngine(
      ({ method, url = '' }, response) => {
        requests.push(`${method} ${url.split('?')[0]}`);
        if (url.startsWith('/containers/json')) response.end('[]');
        else if (!isThere) response.writeHead(404).end();
        else if (method === 'GET') response.end(JSON.stringify({ Config: { Labels: { [LABELS.app]: '1' } } }));
        else {
          isThere = false;
          response.writeHead(409).end();
        }
      },
      () => reapContainers({ ...left, signal: AbortSignal.timeout(60_000) }),
    );
    expect(requests.filter((request) => request === `DELETE /containers/${id}`)).toHaveLength(1);
    expect(requests.slice(-2)).toEqual(['GET /containers/json', 'GET /containers/json']);
  });
});
