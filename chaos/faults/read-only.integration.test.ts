import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { LOCAL_PROFILE } from '../../e2e/runner/options.ts';
import type { AppWindow } from '../app-window.ts';
import { eventually, Launches, sessionOf } from '../launches.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';
import { Immutable, NO_DISKS, NO_IMMUTABLE, SmallDisk } from './disks.ts';

const settings = { profiles: [{ ...LOCAL_PROFILE, limits: { closeGraceSeconds: 0.2 } }] };

describe.runIf(NO_DISKS === '')(
  'a data folder that is read-only',
  NO_DISKS === '' ? {} : { meta: { needs: NO_DISKS } },
  () => {
    test('is told in words, with an exit status, at launch; the next launch works once it can be written', {
      timeout: 120_000,
    }, async () => {
      let disk: SmallDisk | null = null;
      await using launches = await Launches.create({ settings });
      try {
        disk = SmallDisk.over(launches.dataFolder, 16);
        disk.setReadOnly(true);
        const { code, message } = await launches.launchToFail();
        expect(code).toBe(1);
        expect(message).toMatch(
          /^Sandglass cannot use the folder .*data.* Make it writable for you, or set SANDGLASS_HOME to a folder that is\.\n$/,
        );
        disk.setReadOnly(false);
        const window = await launches.launch();
        const { id } = await window.openShell();
        await launches.isKept(window, id);
        await launches.check();
        // Also one that has been used.
        disk.setReadOnly(true);
        expect(await launches.launchToFail()).toEqual({ code, message });
      } finally {
        await launches.stop();
        disk?.[Symbol.dispose]();
      }
    });
  },
);

describe.runIf(NO_IMMUTABLE === '')(
  'a data folder that nobody can write to for a while',
  NO_IMMUTABLE === '' ? {} : { meta: { needs: NO_IMMUTABLE } },
  () => {
    let launches: Launches;
    let receiver: Receiver;
    let immutable: Immutable | null = null;
    async function start(): Promise<AppWindow> {
      ({ launches, receiver } = await launchesTold({ settings }));
      return launches.launch();
    }
    afterEach(async () => {
      immutable?.[Symbol.dispose]();
      await launches[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    });

    test('holds up no session; what happened meanwhile is written and told once it can be', {
      timeout: 180_000,
    }, async () => {
      const window = await start();
      const before = await window.openShell();
      await launches.isKept(window, before.id);
      immutable = new Immutable(launches.dataFolder);
      before.type('echo "al$((1))ve"; head -c 200000 /dev/zero | od -An -v');
      await before.until('al1ve');
      await eventually(async () => expect((await sessionOf(window, before.id)).recording.state).toBe('truncated'));
      const during = await window.openShell();
      during.type('exit 3');
      expect(await window.event(during.id, 'session:end')).toMatchObject({ end: { reason: 'exited', exitCode: 3 } });
      await launches.told(window, 'journal-held', 'error');

      immutable[Symbol.dispose]();
      await launches.told(window, 'journal-held', 'info');
      const after = await window.openShell();
      await launches.isKept(window, after.id);
      await launches.allTold(window);
      await launches.check();
      const kept = eventsInJournal(launches.home);
      expect(kept.filter(({ type }) => type === 'session:end')).toHaveLength(3);
      expect(new Set(receiver.events.map(({ sessionId }) => sessionId))).toContain(during.id);
    });

    test('does not keep the app from starting when it is only the journal, and nothing is lost once it can be written', {
      timeout: 180_000,
    }, async () => {
      const first = await start();
      const crashed = await first.openShell();
      await launches.isKept(first, crashed.id);
      await launches.end('SIGKILL');
      immutable = new Immutable(launches.journalFile);
      const second = await launches.launch();
      await launches.told(second, 'journal-held', 'error');
      const during = await second.openShell();
      during.type('exit 3');
      await second.event(during.id, 'session:end');
      immutable[Symbol.dispose]();
      await launches.told(second, 'journal-held', 'info');
      await launches.allTold(second);
      await launches.check();
      expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
    });

    test('keeps what it has when the app is killed meanwhile', { timeout: 180_000 }, async () => {
      const first = await start();
      const crashed = await first.openShell();
      await launches.isKept(first, crashed.id);
      immutable = new Immutable(launches.dataFolder);
      const untold = await first.openShell();
      await launches.told(first, 'journal-held', 'error');
      await launches.end('SIGKILL');
      // Nobody can lock it either.
      const { code, message } = await launches.launchToFail();
      expect(code).toBe(1);
      expect(message).toContain('Make it writable for you');
      immutable[Symbol.dispose]();
      const second = await launches.launch();
      await launches.endOf(second, crashed.id);
      await launches.allTold(second);
      await launches.check([untold.id]);
      const kept = eventsInJournal(launches.home);
      expect(kept.map(({ sessionId, reason }) => [sessionId, reason])).toContainEqual([crashed.id, 'app_crash']);
      expect(checkEvents(kept, receiver)).toEqual([]);
    });
  },
);

describe('a place for the data that is none', () => {
  test('is told in words, with an exit status', { timeout: 60_000 }, async () => {
    await using launches = await Launches.create({
      settings,
      prepare: ({ folder }) => {
        writeFileSync(`${folder}/data`, 'This is a file.');
        return undefined;
      },
    });
    const { code, message } = await launches.launchToFail();
    expect(code).toBe(1);
    expect(message).toMatch(/^Sandglass cannot use the folder .*data/);
  });
});
