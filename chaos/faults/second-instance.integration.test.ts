import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Launches } from '../launches.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';

describe('a second instance on the same data folder', () => {
  let launches: Launches;
  let receiver: Receiver;
  beforeEach(async () => {
    ({ launches, receiver } = await launchesTold());
  });
  afterEach(async () => {
    await launches[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('says who has it and where, ends, and disturbs nothing', { timeout: 180_000 }, async () => {
    const window = await launches.launch();
    const terminal = await window.openShell();
    await launches.isKept(window, terminal.id);
    // One after the other, and two at once.
    const refusals = [
      await launches.launchToFail(),
      ...(await Promise.all([launches.launchToFail(), launches.launchToFail()])),
    ];
    for (const { code, message } of refusals) {
      expect(code).toBe(1);
      expect(message).toMatch(
        /^Sandglass already runs with this data folder \(the web host, process \d+\)\. Use it at http:\/\/\S+, or set SANDGLASS_HOME to another folder\.\n$/,
      );
    }
    terminal.type('echo "al$((1))ve"');
    await terminal.until('al1ve');
    terminal.type('exit 7');
    expect(await window.event(terminal.id, 'session:end')).toMatchObject({ end: { reason: 'exited', exitCode: 7 } });
    await launches.allTold(window);
    expect(await window.problems()).toEqual([]);
    await launches.check();
    expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
  });

  test('starts at once when the first was killed, and ends what that has left', { timeout: 180_000 }, async () => {
    const first = await launches.launch();
    const crashed = await first.openShell();
    await launches.isKept(first, crashed.id);
    await launches.end('SIGKILL');
    const second = await launches.launch();
    expect((await launches.endOf(second, crashed.id)).reason).toBe('app_crash');
    expect((await launches.launchToFail()).code).toBe(1);
    await launches.allTold(second);
    await launches.check();
    // A quit lets it go, too.
    await launches.launch();
    await launches.check();
    expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
  });
});
