import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Launches, sessionOf } from '../launches.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';
import { NO_DISKS, SmallDisk } from './disks.ts';

const MEGABYTES = 16;
/** More output than a recording that has room left holds back. */
const FLOOD = 'head -c 600000 /dev/zero | od -An -v | head -c 2000000; echo "flo$((1))d"';

describe.runIf(NO_DISKS === '')('a disk that is full', NO_DISKS === '' ? {} : { meta: { needs: NO_DISKS } }, () => {
  let disk: SmallDisk;
  let launches: Launches;
  let receiver: Receiver;
  beforeEach(async () => {
    ({ launches, receiver } = await launchesTold({
      prepare: (home) => {
        disk = SmallDisk.over(home.folder, MEGABYTES);
        return undefined;
      },
    }));
  });
  afterEach(async () => {
    await launches.stop();
    disk[Symbol.dispose]();
    await launches[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('stops recordings, and nothing else; what happened meanwhile is written and told once there is space', {
    timeout: 180_000,
  }, async () => {
    const window = await launches.launch();
    const before = await window.openShell();
    const closing = await window.openShell();
    for (const { id } of [before, closing]) await launches.isKept(window, id);
    disk.fill();
    before.type(FLOOD);
    await before.until('flo1d');
    before.type('echo "al$((1))ve"');
    await before.until('al1ve');
    await eventually(async () => {
      const { recording } = await sessionOf(window, before.id);
      expect(recording.state).toBe('truncated');
      expect(recording.message).toContain('The disk is full.');
    });
    await launches.told(window, `recording-${before.id}`, 'warning');

    // Sessions begin and end.
    const during = await window.openShell();
    during.type('exit 3');
    expect(await window.event(during.id, 'session:end')).toMatchObject({ end: { reason: 'exited', exitCode: 3 } });
    await window.ask('sessions.close', { id: closing.id, force: true });
    await window.event(closing.id, 'session:end');
    await launches.told(window, 'journal-held', 'error');

    disk.free();
    await launches.told(window, 'journal-held', 'info');
    const after = await window.openShell();
    await launches.isKept(window, after.id);
    await window.ask('sessions.close', { id: before.id, force: true });
    await launches.allTold(window);
    await window.ask('sessions.close', { id: after.id, force: true });
    await launches.allTold(window);
    await launches.check();
    const kept = eventsInJournal(launches.home);
    expect(kept.filter(({ type }) => type === 'session:end')).toHaveLength(4);
    expect(checkEvents(kept, receiver)).toEqual([]);
  });

  test('does not damage anything when the app is killed and started meanwhile', { timeout: 180_000 }, async () => {
    const first = await launches.launch();
    const before = await first.openShell();
    await launches.isKept(first, before.id);
    disk.fill();
    const untold = await first.openShell();
    before.type(FLOOD);
    await before.until('flo1d');
    await launches.end('SIGKILL');

    const second = await launches.launch();
    await launches.told(second, 'journal-held', 'error');
    const during = await second.openShell();
    during.type('exit 3');
    await second.event(during.id, 'session:end');
    disk.free();
    await launches.told(second, 'journal-held', 'info');
    await eventually(async () => {
      const history = await second.ask('history.list', { limit: 10 });
      expect(history.map(({ id, end }) => [id, end?.reason])).toEqual([
        [during.id, 'exited'],
        [before.id, 'app_crash'],
      ]);
    });
    await launches.allTold(second);
    await launches.check([untold.id]);
    expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
  });
});
