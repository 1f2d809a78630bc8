import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { adoptedName, LABELS } from '../backends/docker/fleet/labels.ts';
import type { Survival } from '../processes/tracker.ts';
import { awaitAdoption, removalTime, type Waiting } from './await-adoption.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-adoption-'));
const path = join(folder, 'engine.sock');
const ID = 'c'.repeat(64);
const NAME = 'sandglass-01abc-0f0f';
const owner = { host: 'here', pid: '7', start: '99' };
const labels = { [LABELS.app]: '1', [LABELS.container]: NAME, [LABELS.ownerPid]: '7', [LABELS.ownerStart]: '99' };
const container = { Id: ID, Names: [`/${NAME}`], Labels: labels, State: 'running' };
const DUE: Survival = { endsAt: 0, idleMs: null };
const LATER: Survival = { endsAt: null, idleMs: 1e9 };

afterEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

/** Waits at an engine that answers so; gives what it was asked, without queries. */
async function waitAt(answer: RequestListener, survival: Survival, changes: Partial<Waiting> = {}): Promise<string[]> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`);
    answer(request, response);
  }).listen(path);
  await once(server, 'listening');
  const started = performance.now();
  await awaitAdoption({
    address: { kind: 'socket', path },
    owner,
    containers: new Map([[ID, survival]]),
    sinceMs: 0,
    uptimeMs: () => performance.now() - started,
    hurry: new AbortController().signal,
    pollMs: 10,
    ...changes,
  });
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  return requests;
}

/** An engine that lists these, one after the other; the last one stays. */
function listing(...answers: readonly (readonly object[])[]): RequestListener {
  let polls = 0;
  return (request, response) => {
    if (request.method === 'GET') response.end(JSON.stringify(answers[Math.min(polls++, answers.length - 1)]));
    else response.writeHead(204).end();
  };
}

test('a container is due at the first of its deadlines, and after an hour without any', () => {
  expect(removalTime({ endsAt: 5_000, idleMs: 3_000 }, 1_000)).toBe(4_000);
  expect(removalTime({ endsAt: 3_500, idleMs: 3_000 }, 1_000)).toBe(3_500);
  expect(removalTime({ endsAt: null, idleMs: 3_000 }, 1_000)).toBe(4_000);
  expect(removalTime({ endsAt: 9_000, idleMs: null }, 1_000)).toBe(9_000);
  expect(removalTime({ endsAt: null, idleMs: null }, 1_000)).toBe(3_601_000);
});

describe('a container that waits for another app', () => {
  const LIST = 'GET /containers/json';
  const adopted = { ...container, Names: [`/${adoptedName(NAME, { pid: 8, start: 100 })}`] };

  test('is left alone once it has another owner, however much it is due', async () => {
    expect(await waitAt(listing([container], [adopted]), LATER)).toEqual([LIST, LIST]);
    expect(await waitAt(listing([adopted]), DUE)).toEqual([LIST]);
  });

  test('that this app had taken over itself is its own', async () => {
    const own = adoptedName(NAME, owner);
    const requests = await waitAt(listing([{ ...container, Names: [`/${own}`] }], []), DUE);
    expect(requests).toEqual([LIST, `DELETE /containers/${own}`, LIST]);
  });

  test('is removed by its name when it is due, so that one that is taken over in that moment is not met', async () => {
    const answer = listing([container], [adopted]);
    const requests = await waitAt((request, response) => {
      if (request.method === 'DELETE') response.writeHead(404).end('{"message":"No such container"}');
      else answer(request, response);
    }, DUE);
    expect(requests).toEqual([LIST, `DELETE /containers/${NAME}`, LIST]);
  });

  test('is removed at once when it has ended, and when no app is waited for any more', async () => {
    const removal = [LIST, `DELETE /containers/${NAME}`, LIST];
    expect(await waitAt(listing([{ ...container, State: 'exited' }], []), LATER)).toEqual(removal);
    expect(await waitAt(listing([{ ...container, State: 'paused' }], []), LATER)).toEqual([LIST, LIST]);
    expect(await waitAt(listing([container], []), LATER, { hurry: AbortSignal.abort() })).toEqual(removal);
  });

  test('is not touched when it bears another name, or no label of the app', async () => {
    expect(await waitAt(listing([{ ...container, Names: ['/precious'] }]), DUE)).toEqual([LIST]);
    expect(await waitAt(listing([{ ...container, Names: ['/../images/x'], Labels: {} }]), DUE)).toEqual([LIST]);
    expect(await waitAt(listing([{ ...container, Id: 'd'.repeat(64) }]), DUE)).toEqual([LIST]);
  });

  test.each<[string, RequestListener]>([
    ['no JSON', (_, response) => response.end('[{"Id":')],
    ['something else', (_, response) => response.end('[{"Id":"../images/x"}]')],
    ['failure', (_, response) => response.writeHead(500).end()],
    ['nothing', (request) => request.socket.destroy()],
  ])('is asked for again when the engine answers %s', async (_, answer) => {
    let polls = 0;
    const requests = await waitAt((request, response) => {
      polls += 1;
      if (polls === 1) answer(request, response);
      else response.end('[]');
    }, LATER);
    expect(requests).toEqual([LIST, LIST]);
  });

  test('is given up when it could not be removed for long after it was due', async () => {
    let now = 0;
    const uptimeMs = (): number => {
      now += 20_000;
      return now;
    };
    const requests = await waitAt(
      (_, response) => response.writeHead(500).end(),
      { endsAt: 0, idleMs: null },
      { uptimeMs },
    );
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.every((request) => request === LIST)).toBe(true);
  });
});
