import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findTestEngine, needs } from '../testing/container-engine.ts';
import { type OwnEngine, ownEngine, ownEngineSupport } from '../testing/own-engine.ts';
import type { Screen } from './testing/screen.ts';
import { SessionRig } from './testing/session-rig.ts';

/** An engine that goes away under sessions that flood, and comes back. */

const shared = await findTestEngine();
const support = ownEngineSupport(shared);

/** How many sessions write as fast as they can. */
const FLOODS = 6;
/** An engine that was killed waits for what it finds running before it answers. In milliseconds. */
const BACK_MS = 90_000;
/** How long sessions may take to notice that their engine is gone, on a machine with better things to do. */
const LOST_MS = 10_000;

describe.runIf(support.ok)('the engine goes away', { ...needs(support), timeout: 180_000 }, () => {
  const owned = new AsyncDisposableStack();
  let engine: OwnEngine;
  let rig: SessionRig;

  beforeAll(async () => {
    engine = owned.use(await ownEngine(shared));
    rig = owned.use(await SessionRig.create('docker', engine));
  }, 120_000);
  afterAll(() => owned.disposeAsync(), 120_000);

  async function openFloods(): Promise<Screen[]> {
    const screens = await Promise.all(Array.from({ length: FLOODS }, () => rig.open()));
    for (const screen of screens) screen.type('yes flood\r');
    await Promise.all(screens.map((screen) => screen.row('flood')));
    return screens;
  }

  async function expectAllWellAgain(): Promise<void> {
    await engine.start();
    await vi.waitFor(async () => expect(await rig.containers()).toEqual([]), { timeout: BACK_MS, interval: 100 });
    const screen = await rig.open();
    screen.type('echo "back $((1 + 1))"\r');
    await screen.row('back 2');
    await rig.expectNothingLeft();
  }

  it('killed: every session ends as lost, is recorded to its end, and its container goes when the engine is back', async () => {
    const screens = await openFloods();
    await engine.kill();
    const killedAt = performance.now();
    await Promise.all(screens.map(({ closed }) => closed));
    expect(performance.now() - killedAt).toBeLessThan(LOST_MS);
    for (const { session } of screens) {
      expect(await session.end('closed')).toMatchObject({ reason: 'backend_lost' });
      expect(rig.metadata(session).recording).toMatchObject({ truncated: false, sha256: expect.any(String) });
    }
    await expectAllWellAgain();
  });

  it('stopped: every session ends and says why, and new ones open when it is back', async () => {
    const screens = await openFloods();
    await engine.stop();
    await Promise.all(screens.map(({ closed }) => closed));
    for (const { session } of screens) {
      const { reason, detail, survivors } = await session.end('closed');
      expect(survivors).toEqual([]);
      // It ends what runs in it before it goes; whichever is heard of first.
      if (reason === 'backend_lost') expect(detail).toContain('engine');
      else
        expect({ reason, detail }).toEqual({ reason: 'exited', detail: expect.stringContaining('outside Sandglass') });
    }
    await expectAllWellAgain();
  });

  it('away: a session does not start, and says what would help', async () => {
    await engine.kill();
    const session = rig.start();
    const end = await session.started.then(() => session.end('closed'));
    expect(end).toMatchObject({
      reason: 'start_failed',
      failure: { stage: 'engine', hint: expect.stringMatching(/\w/) },
    });
    expect(rig.machine.backends.docker.status.state).toBe('unavailable');
    await expectAllWellAgain();
    expect(rig.machine.backends.docker.status.state).toBe('available');
  });
});
