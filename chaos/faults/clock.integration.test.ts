import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Home } from '../../e2e/runner/home.ts';
import { LOCAL_PROFILE } from '../../e2e/runner/options.ts';
import type { AppWindow } from '../app-window.ts';
import { eventually, type Launches } from '../launches.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';
import { NO_CLOCK, WallClock } from './wall-clock.ts';

const HOUR = 3_600;
const DAY = 86_400;
const YEAR = 365 * DAY;
/** Seconds. */
const MAX_DURATION = 12;
const IDLE = 9;
/** How much later than it is due anything may come on a machine that is busy; no jump is as small. In seconds. */
const LATE = 60;
/** What clocks of the same machine may differ by, in milliseconds. */
const CLOCKS_MS = 2_000;

const limits = { closeGraceSeconds: 0.2, warnBeforeSeconds: [], extensions: { count: 0, seconds: 1 } };
const settings = {
  profiles: [
    { ...LOCAL_PROFILE, limits },
    { ...LOCAL_PROFILE, id: 'short', name: 'Short', limits: { ...limits, maxDurationSeconds: MAX_DURATION } },
    { ...LOCAL_PROFILE, id: 'idle', name: 'Idle', limits: { ...limits, idleTimeoutSeconds: IDLE } },
  ],
  limits: { local: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 } },
};

describe.runIf(NO_CLOCK === '')(
  'a wall clock that is set',
  NO_CLOCK === '' ? {} : { meta: { needs: NO_CLOCK } },
  () => {
    let launches: Launches;
    let receiver: Receiver;
    let clock: WallClock;
    beforeEach(async () => {
      const options = {
        settings,
        prepare: (home: Home) => {
          clock = new WallClock(home);
          return clock.environment;
        },
      };
      // With pauses as long as they may be by default: nobody waits for one here that was an hour too long.
      const retry = { attempts: 50, initialBackoffSeconds: 5, maxBackoffSeconds: 12 * HOUR };
      ({ launches, receiver } = await launchesTold(options, { retry }));
    });
    afterEach(async () => {
      await launches[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    });

    /** Sets the app's clock; the receiver goes by it. */
    function setAhead(seconds: number): void {
      receiver.clocksAheadMs.push(seconds * 1_000);
      clock.setAhead(seconds);
    }

    /** Resolves when the receiver has refused once more. */
    async function refused(): Promise<void> {
      const { faults } = receiver;
      await eventually(() => expect(receiver.faults).toBeGreaterThan(faults));
    }

    /** What is told of a session makes sense: it ended after it had started, and after as long as it lived. */
    async function checkEnd(window: AppWindow, id: string, reason: string, seconds: number): Promise<void> {
      const end = await launches.endOf(window, id);
      const { startedAt } = (await window.ask('history.list', { limit: 100 })).find((entry) => entry.id === id) ?? {};
      expect(end.reason).toBe(reason);
      expect(end.at).toBeGreaterThanOrEqual(startedAt ?? Number.POSITIVE_INFINITY);
      expect(end.durationSeconds).toBeGreaterThanOrEqual(seconds);
      expect(end.durationSeconds).toBeLessThan(seconds + LATE);
    }

    for (const [words, ahead] of [
      ['back by an hour', -HOUR],
      ['forward by a day', DAY],
    ] as const) {
      test(`${words} ends no session early or late, and holds up no hook`, { timeout: 240_000 }, async () => {
        const window = await launches.launch();
        const short = await window.openShell('short');
        const idle = await window.openShell('idle');
        receiver.refuses = true;
        const stays = await window.openShell();
        await refused();
        setAhead(ahead);
        receiver.refuses = false;
        idle.type('echo "al$((1))ve"');
        await idle.until('al1ve');
        await launches.allTold(window);
        // One that begins afterwards has the new time, and the same time to live.
        const after = await window.openShell('short');
        await launches.isKept(window, after.id);
        const [newest] = await window.ask('history.list', { limit: 1 });
        expect(newest?.id).toBe(after.id);
        expect(Math.abs((newest?.startedAt ?? 0) - clock.now)).toBeLessThan(LATE * 1_000);

        await checkEnd(window, short.id, 'max_duration', MAX_DURATION);
        await checkEnd(window, idle.id, 'idle_timeout', IDLE);
        await checkEnd(window, after.id, 'max_duration', MAX_DURATION);
        stays.type('exit 7');
        await checkEnd(window, stays.id, 'exited', 0);
        await launches.allTold(window);
        const order = (await window.ask('history.list', { limit: 10 })).map(({ id }) => id);
        expect(order).toEqual([after.id, stays.id, idle.id, short.id]);
        await launches.check();
        expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
        for (const { startedAt, endedAt } of receiver.events)
          expect(endedAt ?? startedAt).toBeGreaterThanOrEqual(startedAt ?? 0);
      });

      test(`${words} between a crash and the next launch changes nothing of what has been`, {
        timeout: 240_000,
      }, async () => {
        const first = await launches.launch();
        const began = performance.now();
        const crashed = await first.openShell();
        await launches.isKept(first, crashed.id);
        await launches.allTold(first);
        const { startedAt = 0 } = (await first.ask('history.list', { limit: 1 }))[0] ?? {};
        // One is pending and waits for its second attempt.
        receiver.refuses = true;
        const late = await first.ask('sessions.open', { cols: 80, rows: 24 });
        await refused();
        await launches.end('SIGKILL');
        const livedMs = performance.now() - began;
        receiver.refuses = false;
        setAhead(ahead);

        const second = await launches.launch();
        const end = await launches.endOf(second, crashed.id);
        expect(end.reason).toBe('app_crash');
        expect(end.at).toBeGreaterThanOrEqual(startedAt);
        expect(end.at).toBeLessThan(startedAt + livedMs + CLOCKS_MS);
        expect(end.durationSeconds * 1_000).toBeLessThan(livedMs + CLOCKS_MS);
        const after = await second.openShell('short');
        await launches.allTold(second);
        await checkEnd(second, after.id, 'max_duration', MAX_DURATION);
        expect((await second.ask('history.list', { limit: 10 })).map(({ id }) => id)).toEqual([
          after.id,
          late.id,
          crashed.id,
        ]);
        await launches.allTold(second);
        await launches.check();
        expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
      });
    }

    test('forward by years removes nothing that is kept for a month', { timeout: 240_000 }, async () => {
      launches.changeSettings({ history: { keepDays: 30, keepSessions: 4, keepMegabytes: 0 } });
      const first = await launches.launch();
      const early: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const { id, type } = await first.openShell();
        type('exit');
        await launches.endOf(first, id);
        early.push(id);
      }
      const endOne = async (window: AppWindow): Promise<string> => {
        const { id, type } = await window.openShell();
        type('exit');
        await launches.endOf(window, id);
        return id;
      };
      // While it runs, and when it starts.
      setAhead(2 * YEAR);
      const later = [await endOne(first)];
      await launches.end('SIGTERM');
      setAhead(5 * YEAR);
      const second = await launches.launch();
      later.push(await endOne(second));
      // The oldest one goes for the number of them: then the others were looked at, too.
      await eventually(async () => {
        const kept = (await second.ask('history.list', { limit: 10 })).map(({ id }) => id);
        expect(kept).toEqual([...early.slice(1), ...later].toReversed());
      });
      for (const id of early.slice(1)) expect(await launches.recordingOf(id)).toContain('"x"');
      await launches.check();
    });
  },
);
