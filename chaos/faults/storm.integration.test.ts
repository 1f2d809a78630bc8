import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCAL_PROFILE } from '../../e2e/runner/options.ts';
import { processesRunning } from '../../e2e/runner/processes.ts';
import type { AppWindow } from '../app-window.ts';
import { eventually, Launches } from '../launches.ts';
import { Receiver, SECRET } from '../receiver.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';

/** Sessions without any hook, before and after the storm, to compare with. */
const QUIET_SESSIONS = 30;
const STORM_SESSIONS = 200;
/** Sessions that live at once. */
const AT_ONCE = 4;
/** What a session may take more than one without hooks: the machine does other things, too. */
const FACTOR = 4;
/** In the command line of what hangs, on Linux. */
const HANGING = `sandglass-hanging-${process.pid}`;

/** Takes every connection and whatever is sent, and never answers. */
class DeafServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections so far. */
  connections = 0;

  private constructor() {
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {
        // The other side gave up.
      });
      socket.resume();
    });
  }

  static async start(): Promise<DeafServer> {
    const server = new DeafServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen');
    return `http://127.0.0.1:${address.port}/events`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Opens a session, waits for its shell, closes it, and waits for its end; gives how long that took, in milliseconds. */
async function liveAndEnd(window: AppWindow): Promise<number> {
  const began = performance.now();
  const { id } = await window.ask('sessions.open', { cols: 80, rows: 24 });
  await window.event(id, 'session:state');
  await window.ask('sessions.close', { id, force: true });
  await window.event(id, 'session:end');
  return performance.now() - began;
}

/** Gives the median of how long each took, in milliseconds. */
async function manySessions(window: AppWindow, count: number): Promise<number> {
  const times: number[] = [];
  const one = async (): Promise<void> => {
    while (count > 0) {
      count -= 1;
      times.push(await liveAndEnd(window));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

describe('a storm of sessions', () => {
  let launches: Launches;
  let receiver: Receiver;
  let deaf: DeafServer;
  beforeEach(async () => {
    receiver = await Receiver.start(SECRET, 1);
    receiver.calm = true;
    deaf = await DeafServer.start();
    const settings = { profiles: [{ ...LOCAL_PROFILE, limits: { closeGraceSeconds: 0.2 } }] };
    launches = await Launches.create({ settings });
  });
  afterEach(async () => {
    await launches[Symbol.asyncDispose]();
    await deaf[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test.runIf(process.platform !== 'win32')(
    'reaches the hook that listens in order and once, and hooks that hang hold up no session and leave nothing',
    { timeout: 240_000 },
    async () => {
      const window = await launches.launch();
      const before = await manySessions(window, QUIET_SESSIONS);

      const events = ['session:*'];
      launches.writeHook('good', { events, webhook: { url: receiver.url, secrets: [SECRET] } });
      launches.writeHook('deaf', { events, webhook: { url: deaf.url, secrets: [SECRET] }, timeoutSeconds: 1 });
      const hang = `#!/bin/sh\nsh -c 'sleep 1000; : ${HANGING}' &\nsetsid sh -c 'sleep 1000; : ${HANGING}' &\nsleep 1000\n`;
      launches.writeHook('hangs', { events, run: 'hang.sh', timeoutSeconds: 2 }, { 'hang.sh': hang });
      await eventually(async () => {
        const { hooks } = await window.ask('hooks.list', {});
        expect(hooks.map(({ name, state }) => `${name} ${state}`)).toEqual(['deaf ready', 'good ready', 'hangs ready']);
      });
      const during = await manySessions(window, STORM_SESSIONS);
      await eventually(async () => {
        const { hooks } = await window.ask('hooks.list', {});
        expect(hooks.find(({ name }) => name === 'good')?.pending).toBe(0);
      });

      // They hung and were ended; their deliveries are still pending.
      await eventually(async () => {
        const { hooks } = await window.ask('hooks.list', {});
        for (const name of ['deaf', 'hangs']) {
          const hook = hooks.find((one) => one.name === name);
          expect(hook?.pending).toBeGreaterThan(STORM_SESSIONS);
          expect(hook?.last?.outcome).toMatch(/timed out|was ended|did not/);
        }
      });
      expect(deaf.connections).toBeGreaterThan(0);

      for (const name of ['deaf', 'good', 'hangs']) launches.removeHook(name);
      await eventually(async () => expect((await window.ask('hooks.list', {})).hooks).toEqual([]));
      await eventually(() => expect(processesRunning(HANGING)).toEqual([]));
      const after = await manySessions(window, QUIET_SESSIONS);
      expect(during).toBeLessThan(FACTOR * Math.max(before, after));

      await launches.check();
      expect(processesRunning(HANGING)).toEqual([]);
      const told = new Set(receiver.events.map(({ sessionId }) => sessionId));
      expect(told.size).toBe(STORM_SESSIONS);
      const kept = eventsInJournal(launches.home).filter(({ sessionId }) => told.has(sessionId));
      expect(checkEvents(kept, receiver)).toEqual([]);
      expect(receiver.events).toHaveLength(2 * STORM_SESSIONS);
      expect(receiver.repeated).toBe(0);
    },
  );

  test.runIf(process.platform !== 'win32')(
    'is told to the hook that listens also by the next app, and what hung goes with the app that is killed',
    { timeout: 240_000 },
    async () => {
      const events = ['session:*'];
      const hang = `#!/bin/sh\nsetsid sh -c 'sleep 1000; : ${HANGING}' &\nsleep 1000\n`;
      launches.writeHook('good', { events, webhook: { url: receiver.url, secrets: [SECRET] } });
      launches.writeHook('hangs', { events, run: 'hang.sh', timeoutSeconds: 300 }, { 'hang.sh': hang });
      const first = await launches.launch();
      await manySessions(first, 20);
      await eventually(() => expect(processesRunning(HANGING)).not.toEqual([]));
      await launches.end('SIGKILL');
      await eventually(() => expect(processesRunning(HANGING)).toEqual([]));
      const second = await launches.launch();
      await eventually(async () => {
        const { hooks } = await second.ask('hooks.list', {});
        expect(hooks.find(({ name }) => name === 'good')?.pending).toBe(0);
      });
      // It is tried again, from the first on.
      await eventually(() => expect(processesRunning(HANGING)).not.toEqual([]));
      await launches.check();
      expect(processesRunning(HANGING)).toEqual([]);
      expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
    },
  );
});
