import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/project.ts';
import type { Launches } from '../launches.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { checkEvents, eventsInJournal } from '../verify.ts';

/** Another process that holds the journal, or tries to. */
class Holder implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(file: string) {
    const script = join(projectRoot, 'electron', 'journal', 'testing', 'lock-journal.ts');
    this.#child = spawn(process.execPath, [script, file], { stdio: ['pipe', 'pipe', 'ignore'] });
  }

  /** Whether it has it. */
  async holds(): Promise<boolean> {
    const { stdout } = this.#child;
    if (stdout === null) return false;
    return Promise.race([once(stdout, 'data').then(() => true), once(this.#child, 'exit').then(() => false)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

describe('a journal that another process holds', () => {
  let launches: Launches;
  let receiver: Receiver;
  beforeEach(async () => {
    ({ launches, receiver } = await launchesTold());
  });
  afterEach(async () => {
    await launches[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('at launch holds up no session; all that happened, before and meanwhile, is told once it lets go', {
    timeout: 180_000,
  }, async () => {
    const first = await launches.launch();
    const crashed = await first.openShell();
    await launches.isKept(first, crashed.id);
    await launches.end('SIGKILL');
    await using holder = new Holder(launches.journalFile);
    expect(await holder.holds()).toBe(true);

    const second = await launches.launch();
    const during = await second.openShell();
    during.type('exit 3');
    expect(await second.event(during.id, 'session:end')).toMatchObject({ end: { reason: 'exited', exitCode: 3 } });
    const stays = await second.openShell();
    const { message } = await launches.told(second, 'journal-held', 'error');
    expect(message).toMatch(/^Another program has locked the journal\./);
    expect((await second.ask('history.list', { limit: 10 })).map(({ id }) => id)).toEqual([]);

    await holder[Symbol.asyncDispose]();
    await launches.told(second, 'journal-held', 'info');
    expect((await launches.endOf(second, crashed.id)).reason).toBe('app_crash');
    expect((await launches.endOf(second, during.id)).reason).toBe('exited');
    stays.type('echo "al$((1))ve"');
    await stays.until('al1ve');
    await launches.allTold(second);
    await launches.check();
    expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
  });

  test('is had by none while the app runs: whoever tries holds up nothing', { timeout: 120_000 }, async () => {
    const window = await launches.launch();
    const before = await window.openShell();
    await launches.isKept(window, before.id);
    await using holder = new Holder(launches.journalFile);
    const held = holder.holds();
    const during = await window.openShell();
    during.type('exit 3');
    await window.event(during.id, 'session:end');
    expect((await launches.endOf(window, during.id)).reason).toBe('exited');
    await launches.allTold(window);
    expect(await held).toBe(false);
    expect((await window.problems()).filter(({ id }) => id.startsWith('journal'))).toEqual([]);
    await launches.check();
    expect(checkEvents(eventsInJournal(launches.home), receiver)).toEqual([]);
  });

  test('to its end does not keep it from quitting; the next launch puts right what it can', {
    timeout: 120_000,
  }, async () => {
    const first = await launches.launch();
    const crashed = await first.openShell();
    await launches.isKept(first, crashed.id);
    await launches.end('SIGKILL');
    await using holder = new Holder(launches.journalFile);
    expect(await holder.holds()).toBe(true);
    const second = await launches.launch();
    const untold = await second.openShell();
    await launches.told(second, 'journal-held', 'error');
    expect(await launches.end('SIGTERM')).toBe(0);
    await holder[Symbol.asyncDispose]();
    const third = await launches.launch();
    expect((await launches.endOf(third, crashed.id)).reason).toBe('app_crash');
    // Its metadata told of it; hooks had not heard of its start either.
    expect((await launches.endOf(third, untold.id)).reason).toBe('app_quit');
    await launches.allTold(third);
    await launches.check([untold.id]);
    const told = eventsInJournal(launches.home).filter(({ sessionId }) => sessionId !== untold.id);
    expect(checkEvents(told, receiver)).toEqual([]);
    expect(receiver.events.filter(({ sessionId }) => sessionId === untold.id)).toEqual([]);
  });
});
