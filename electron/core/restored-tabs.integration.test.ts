import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { SessionInfo } from '../../shared/session.ts';
import { nodeReaperCommand } from '../reaper/command.ts';
import { runAndKill } from '../recovery/testing/run-and-kill.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import type { ExportSource } from './core.ts';
import { openStorage } from './open-storage.ts';
import { startCore } from './start-core.ts';
import { Window } from './testing/window.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** The core on a data folder, as a launch of the app starts it, with a window. */
async function launch(home: string) {
  const exported: ExportSource[] = [];
  const storage = await openStorage('web', { SANDGLASS_HOME: home }, openSettingsFile);
  const core = await startCore({
    storage,
    host: {
      kind: 'web',
      openFolder: async () => false,
      deliverExport: async (source) => {
        exported.push(source);
        return { outcome: 'cancelled' };
      },
    },
    environment: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' },
    appVersion: '1.2.3',
    reaper: nodeReaperCommand(),
  });
  const quit = async (): Promise<void> => {
    await core.quit();
    await storage.log.close();
  };
  const window = new Window();
  core.connect(window);
  core.prepare();
  return { window, exported, quit };
}

const restoredIn = (infos: readonly SessionInfo[]): SessionInfo[] => infos.filter(({ restored }) => restored);

describe.runIf(process.platform === 'linux')('after a crash', () => {
  test('the window shows what happened, and tabs with what was left, until they are dismissed', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sandglass-restored-'));
    cleanups.push(() => rmSync(home, { recursive: true, force: true }));
    await runAndKill(home, 60);

    const first = await launch(home);
    cleanups.push(first.quit);
    const { window } = first;
    await window.until(() => window.notifications('problem').find((problem) => idOf(problem) === 'app-crash'));
    const { problems } = await window.ask('app.info', {});
    expect(problems.find(({ id }) => id === 'app-crash')?.message).toMatch(
      /^Sandglass stopped unexpectedly at \d\d:\d\d\. /,
    );
    const infos = restoredIn(await window.ask('sessions.list', {}));
    expect(infos.length).toBeGreaterThan(0);
    expect(infos.every(({ state, end }) => state === 'ended' && end?.reason === 'app_crash')).toBe(true);
    expect(window.notifications('sessionChanged').map(idOf)).toEqual(expect.arrayContaining(infos.map(({ id }) => id)));

    for (const { id, recording } of infos) {
      const { channel, cols, replayBytes } = await window.attach(id);
      // It closes as it would for an ended session; windows acknowledge nothing that small before.
      await window.until(() => window.notifications('channelClosed').find((closed) => channelOf(closed) === channel));
      expect(cols).toBeGreaterThanOrEqual(80);
      expect(Buffer.byteLength(window.output(channel))).toBe(replayBytes);
      // Whatever the program was doing, the terminal is in order.
      expect(window.output(channel)).toContain('\u001b[?25h');
      await window.ask('sessions.resize', { id, cols: 100, rows: 30 });
      const { events } = await window.ask('sessions.events', { id });
      expect(events.filter(({ type }) => type === 'session:end')).toHaveLength(1);
      if (recording.state !== 'none') {
        await window.ask('sessions.export', { id, format: 'cast-v3' });
        const source = first.exported.at(-1);
        if (source === undefined) throw new Error('Nothing was exported');
        expect(await text(source.open())).toContain('"x", ');
      }
    }
    const [one, ...others] = infos.map(({ id }) => id);
    if (one === undefined) throw new Error('No tab came back');
    await window.ask('sessions.rename', { id: one, title: 'Mine' });
    const reopened = await window.ask('sessions.open', { previousId: one, profileId: 'local', cols: 80, rows: 24 });
    expect(reopened).toMatchObject({ previousId: one, restored: false, title: 'Mine' });
    await window.ask('sessions.dismiss', { id: one });
    await window.until(() => window.notifications('sessionRemoved').find((removed) => idOf(removed) === one));
    await first.quit();

    const second = await launch(home);
    cleanups.push(second.quit);
    // Nothing has crashed since; what was not dismissed is still there.
    const again = await second.window.until(() => {
      const told = second.window.notifications('sessionChanged').map(idOf);
      return others.every((id) => told.includes(id)) ? told : undefined;
    });
    expect(again).not.toContain(one);
    expect((await second.window.ask('app.info', {})).problems.map(({ id }) => id)).not.toContain('app-crash');
  }, 120_000);
});

function idOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'id' in payload ? payload.id : undefined;
}

function channelOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'channel' in payload ? payload.channel : undefined;
}
