import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodeReaperCommand } from '../reaper/command.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import type { ExportSource } from './core.ts';
import { openStorage } from './open-storage.ts';
import { startCore } from './start-core.ts';
import { Window } from './testing/window.ts';

/**
 * What Sandglass 0.1.0 left when it was killed: settings, a profile, three hooks, a session that had ended and one that ran.
 * Journal format 2, settings format 2, metadata format 1.
 */
const FILES = fileURLToPath(new URL('testdata/previous-version', import.meta.url));
const ENDED = '01M8Q1ZHN31PV0NK4MFFCQ2GDZ';
const KILLED = '01M8Q1ZQY3TEHSHNX3E4WEAR6N';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function launch() {
  const home = mkdtempSync(join(tmpdir(), 'sandglass-previous-'));
  cleanups.push(() => rmSync(home, { recursive: true, force: true }));
  cpSync(FILES, home, { recursive: true });
  // A checkout gives files the modes of its own.
  for (const hook of ['dead', 'pending', 'works']) {
    chmodSync(join(home, 'config/hooks', hook), 0o700);
    chmodSync(join(home, 'config/hooks', hook, 'hook.yaml'), 0o600);
  }
  chmodSync(join(home, 'config/hooks/works/note'), 0o700);
  const environment = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', SANDGLASS_HOME: home };
  const storage = await openStorage('web', environment, openSettingsFile);
  const exported: ExportSource[] = [];
  const core = await startCore({
    storage,
    environment,
    appVersion: '0.2.0',
    reaper: nodeReaperCommand(),
    host: {
      kind: 'web',
      openFolder: async () => false,
      deliverExport: async (source) => {
        exported.push(source);
        return { outcome: 'cancelled' };
      },
    },
  });
  cleanups.push(async () => {
    await core.quit();
    await storage.log.close();
  });
  const window = new Window();
  core.connect(window);
  core.prepare();
  const exportOf = async (id: string, format: 'cast-v3' | 'text'): Promise<string> => {
    await window.ask('sessions.export', { id, format });
    const source = exported.at(-1);
    if (source === undefined) throw new Error('Nothing was exported');
    return text(source.open());
  };
  return { home, window, exportOf };
}

describe.runIf(process.platform === 'linux')('the files of the previous version', () => {
  test('are read and continued by this version', { timeout: 60_000 }, async () => {
    const { home, window, exportOf } = await launch();

    const { problems } = await window.ask('app.info', {});
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);

    const { effective, profiles } = await window.ask('settings.get', {});
    expect(effective).toMatchObject({
      limits: { local: { idleTimeoutSeconds: 1_234 } },
      terminal: { fontSize: 17 },
    });
    expect(profiles.find(({ id }) => id === 'bench')).toMatchObject({
      name: 'Bench',
      backend: 'pty',
      shell: '/bin/sh',
      environment: { PS1: '$ ', GREETING: 'hello' },
      limits: { idleTimeoutSeconds: 300, maxDurationSeconds: 3_600, maxCommands: 50 },
    });

    await window.until(() => window.notifications('sessionChanged').find((each) => idOf(each) === KILLED));
    await vi.waitFor(async () => expect((await window.ask('history.list', { limit: 1 }))[0]?.end).not.toBeNull());
    expect(await window.ask('history.list', { limit: 10 })).toMatchObject([
      { id: KILLED, profileName: 'Bench', title: 'sh', end: { reason: 'app_crash' } },
      { id: ENDED, profileName: 'Bench', title: 'First tab', end: { reason: 'exited', exitCode: 3 } },
    ]);
    const typesOf = async (id: string): Promise<string[]> =>
      (await window.ask('sessions.events', { id })).events.map(({ type }) => type);
    expect(await typesOf(ENDED)).toEqual([
      'session:start',
      'session:state',
      'session:extended',
      'session:state',
      'session:state',
      'session:end',
    ]);
    expect(await typesOf(KILLED)).toEqual(['session:start', 'session:state', 'session:end']);

    const recording = join('data/sessions/2026/11', ENDED, 'recording.cast');
    expect(await exportOf(ENDED, 'cast-v3')).toBe(readFileSync(join(FILES, recording), 'utf8'));
    expect(await exportOf(ENDED, 'text')).toContain('grün hello');
    const killed = await exportOf(KILLED, 'cast-v3');
    expect(killed).toContain('left open');
    expect(killed.trimEnd().split('\n').at(-1)).toMatch(/^\[\d+\.\d{3}, "x", /);

    const hooks = async () => {
      const view = await window.ask('hooks.list', {});
      expect(view.folder).toBe(join(home, 'config/hooks'));
      return Object.fromEntries(view.hooks.map((hook) => [hook.name, hook]));
    };
    expect(await hooks()).toMatchObject({
      dead: { state: 'ready', kind: 'webhook', target: 'http://127.0.0.1:9/hooks', pending: 0, deadLetters: 2 },
      // What was pending then, and the end of the session that was killed.
      pending: { state: 'ready', kind: 'webhook', pending: 5, deadLetters: 0 },
      works: { state: 'ready', kind: 'run', target: 'note' },
    });
    expect(await window.ask('hooks.deliveries', { hook: 'dead', limit: 10, state: 'dead-letter' })).toMatchObject([
      { event: 'session:start', sessionId: KILLED, attempts: 1, nextAt: null },
      { event: 'session:start', sessionId: ENDED, attempts: 1, nextAt: null },
    ]);
    expect(await window.ask('hooks.sendAgain', { hook: 'dead', delivery: null })).toEqual({ count: 2 });
    const delivered = await window.ask('hooks.deliveries', { hook: 'works', limit: 10, state: 'delivered' });
    expect(delivered.filter(({ sessionId }) => sessionId === ENDED).map(({ event }) => event)).toEqual([
      'session:end',
      'session:start',
    ]);
  });
});

function idOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'id' in payload ? payload.id : undefined;
}
