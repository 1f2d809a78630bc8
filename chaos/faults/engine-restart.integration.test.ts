import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { engine } from '../../e2e/runner/containers.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE } from '../../e2e/runner/options.ts';
import { containersOf, needs } from '../../electron/testing/container-engine.ts';
import { type OwnEngine, ownEngine, ownEngineSupport } from '../../electron/testing/own-engine.ts';
import { eventually, Launches } from '../launches.ts';
import { Receiver, SECRET } from '../receiver.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';

const support = ownEngineSupport(engine);
/** An engine may take long to start where others run. */
const LIMIT_MS = 240_000;

describe.runIf(support.ok)('a container engine that is restarted', { timeout: LIMIT_MS, ...needs(support) }, () => {
  let own: OwnEngine;
  let launches: Launches;
  let receiver: Receiver;
  beforeAll(async () => {
    own = await ownEngine(engine);
  }, LIMIT_MS);
  afterAll(() => own[Symbol.asyncDispose](), LIMIT_MS);
  beforeEach(async () => {
    receiver = await Receiver.start(SECRET, 1);
    receiver.calm = true;
    const limits = { closeGraceSeconds: 0.2 };
    launches = await Launches.create({
      settings: {
        profiles: [
          { ...LOCAL_PROFILE, limits },
          { ...CONTAINER_PROFILE, limits },
        ],
      },
      environment: { DOCKER_HOST: own.host },
    });
    launches.writeHook('good', { events: ['session:*'], webhook: { url: receiver.url, secrets: [SECRET] } });
  });
  afterEach(async () => {
    await launches[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  async function containers(): Promise<string[]> {
    const file = join(launches.dataFolder, 'installation');
    return existsSync(file) ? containersOf(own.docker, readFileSync(file, 'utf8').trim()) : [];
  }

  for (const how of ['stop', 'kill'] as const) {
    test(`(${how}) loses its sessions, tells it, and leaves no container; others go on`, async () => {
      const window = await launches.launch();
      const lost = [await window.openShell('container'), await window.openShell('container')];
      const local = await window.openShell('local');
      for (const { id } of lost) await launches.isKept(window, id);
      expect(await containers()).toHaveLength(2);
      await own[how]();
      for (const { id } of lost) {
        expect(await window.event(id, 'session:end')).toMatchObject({ end: { reason: 'backend_lost' } });
      }
      await own.start();
      await eventually(async () => expect(await containers()).toEqual([]), LIMIT_MS / 2);
      local.type('echo "al$((1))ve"');
      await local.until('al1ve');
      const after = await window.openShell('container');
      await launches.isKept(window, after.id);
      await launches.allTold(window);
      const told = receiver.events.filter(({ event }) => event === 'session:end');
      expect(told.map(({ sessionId, reason }) => [sessionId, reason]).toSorted()).toEqual(
        lost.map(({ id }) => [id, 'backend_lost']).toSorted(),
      );
      await window.ask('sessions.close', { id: after.id, force: true });
      await launches.allTold(window);
      await launches.check();
      expect(await containers()).toEqual([]);
      expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
    });
  }
});
