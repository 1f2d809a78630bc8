import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeFrame, encodeAck, encodeBytes } from '../../shared/frames.ts';
import { sessionInfoSchema } from '../../shared/session.ts';
import { processTable } from '../backends/pty/terminal-session.ts';
import { createJournal } from '../journal/journal-client.ts';
import { noTracker } from '../processes/tracker.ts';
import { backendsOf, keepingLogger, StandInBackend } from '../sessions/testing/stand-ins.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import type { ExportSource } from './core.ts';
import { createCore } from './create-core.ts';
import { openStorage } from './open-storage.ts';
import { Window } from './testing/window.ts';

const cleanups: (() => Promise<void>)[] = [];

async function coreWithWindow() {
  const home = mkdtempSync(join(tmpdir(), 'sandglass-core-'));
  const { locations, log, settings } = await openStorage('web', { SANDGLASS_HOME: home }, openSettingsFile);
  const backend = new StandInBackend([]);
  const logger = keepingLogger();
  const exported: ExportSource[] = [];
  const tracker = { started: async () => {}, ended() {} };
  const journal = createJournal({
    dataFolder: locations.data,
    sessionsFolder: locations.sessions,
    hooksFolder: locations.hooks,
    source: 'urn:sandglass:test',
    environment: {},
    logger,
    tracker,
  });
  const core = createCore({
    journal,
    environment: {},
    host: {
      kind: 'web',
      openFolder: async () => false,
      deliverExport: async (source) => {
        exported.push(source);
        return { outcome: 'cancelled' };
      },
    },
    locations,
    settings,
    logger,
    appVersion: '1.2.3',
    machine: {
      backends: backendsOf(backend),
      offers: async () => ({ images: [], networks: [], runtimes: [] }),
      folderRules: { home: '/nowhere', forbidden: [], environment: {} },
      hooks: tracker,
      tracker: noTracker,
      removeLeftovers: () => 0,
      processes: processTable(),
      onProblem: () => () => {},
      close: async () => {},
    },
  });
  cleanups.push(async () => {
    await core.quit();
    await log.close();
    rmSync(home, { recursive: true });
  });
  const window = new Window();
  core.connect(window);
  return { backend, core, exported, logger, window };
}

async function openTab() {
  const opened = await coreWithWindow();
  const { id } = sessionInfoSchema.parse(await opened.window.ask('sessions.open', { cols: 80, rows: 24 }));
  await opened.window.until(() =>
    opened.window.notifications('sessionChanged').find((info) => sessionInfoSchema.parse(info).state === 'waiting'),
  );
  return { ...opened, id, shell: opened.backend.last };
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe('a window of the core', () => {
  it('is told of every step of a session, in messages of the contract', async () => {
    const { id, window } = await openTab();
    expect(window.notifications('sessionEvent')[0]).toMatchObject({ type: 'session:start', sessionId: id });
    expect(await window.ask('sessions.close', { id, force: false })).toEqual({ outcome: 'closed' });
    expect(window.notifications('sessionRemoved')).toEqual([{ id }]);
    const ends = window.notifications('sessionEvent').filter((event) => JSON.stringify(event).includes('session:end'));
    expect(ends).toHaveLength(1);
  });

  it('is sent what a channel begins with as its first frame, and then the output from its start', async () => {
    const { id, shell, window } = await openTab();
    shell.print('before ');
    const { channel, replayBytes } = await window.attach(id);
    expect(replayBytes).toBe(7);
    await window.until(() => (window.output(channel) === 'before ' ? true : undefined));
    const frames = window.got.flatMap((message) => (typeof message === 'string' ? [] : [decodeFrame(message)]));
    expect(frames.filter((frame) => frame?.channel === channel).map((frame) => frame?.kind)[0]).toBe('opened');
    window.put(encodeAck(channel, 7));
    shell.print('after');
    expect(window.output(channel)).toBe('before after');
  });

  it('is refused a channel that it has used before, and one below', async () => {
    const { id, window } = await openTab();
    await window.ask('sessions.attach', { id, channel: 7 });
    await window.ask('sessions.detach', { channel: 7 });
    await expect(window.ask('sessions.attach', { id, channel: 7 })).rejects.toThrow('bad_request');
    await expect(window.ask('sessions.attach', { id, channel: 6 })).rejects.toThrow('bad_request');
    await window.ask('sessions.attach', { id, channel: 8 });
  });

  it('types into the shell, and answers for its terminal only what is new', async () => {
    const { id, shell, window } = await openTab();
    shell.print('\x1b[c');
    const first = await window.attach(id);
    await window.until(() => (window.output(first.channel) === '' ? undefined : true));
    window.put(encodeBytes('terminalReply', first.channel, Buffer.from('answer one ')));
    window.put(encodeAck(first.channel, 3));
    const again = await window.attach(id);
    window.put(encodeBytes('terminalReply', again.channel, Buffer.from('answer two ')));
    window.put(encodeBytes('userInput', again.channel, Buffer.from('typed')));
    expect(shell.written.join('')).toBe('answer one typed');
  });

  it('hears what the program takes of its input, and nothing is lost while it takes none', async () => {
    const { id, shell, window } = await openTab();
    const { channel } = await window.attach(id);
    shell.takesInput = false;
    for (let key = 0; key < 50; key += 1) window.put(encodeBytes('userInput', channel, Buffer.from('x')));
    expect(window.inputAnswers(channel)).toEqual([]);
    shell.takeInput();
    await window.until(() => (window.inputAnswers(channel).length > 0 ? true : undefined));
    expect(window.inputAnswers(channel)).toEqual([['ack', 50]]);
    expect(shell.written.join('')).toBe('x'.repeat(50));
  });

  it('that sends more than it may have on its way is refused that, and hears so', async () => {
    const { id, shell, window } = await openTab();
    const { channel } = await window.attach(id);
    shell.takesInput = false;
    const frame = encodeBytes('userInput', channel, new Uint8Array(65_536).fill(0x61));
    for (let count = 0; count < 5; count += 1) window.put(frame);
    expect(window.inputAnswers(channel)).toEqual([['inputDropped', 65_536]]);
    shell.takeInput();
    await window.until(() => (window.inputAnswers(channel).length > 1 ? true : undefined));
    expect(window.inputAnswers(channel)).toEqual([
      ['inputDropped', 65_536],
      ['ack', 4 * 65_536],
    ]);
  });

  it('hears what did not arrive when the session ends', async () => {
    const { id, shell, window } = await openTab();
    const { channel } = await window.attach(id);
    shell.takesInput = false;
    window.put(encodeBytes('userInput', channel, Buffer.from('unread')));
    await window.ask('sessions.close', { id, force: true });
    expect(window.inputAnswers(channel)).toEqual([['inputDropped', 6]]);
  });

  it('cannot name what is not there, or what is not its own to name', async () => {
    const { window } = await openTab();
    const id = '01M7Y85E6BXST0XRN70G4B9GBG';
    await expect(window.attach(id)).rejects.toThrow('unknown_session');
    await expect(window.ask('sessions.export', { id, format: 'zip' })).rejects.toThrow('export_failed');
    await expect(window.ask('sessions.open', { cols: 80, rows: 24, profileId: '../x' })).rejects.toThrow('bad_request');
    expect(() => window.put(encodeBytes('userInput', 4_000_000, Buffer.from('x')))).not.toThrow();
  });

  it('that sends garbage is refused, then disconnected, and the core goes on', async () => {
    const { core, id, logger, shell, window } = await openTab();
    for (let count = 0; count < 500 && window.closedBecause === null; count += 1) {
      window.put(count % 2 === 0 ? '{"t":"?"}' : Uint8Array.of(9, 9, 9));
    }
    expect(window.closedBecause).toBe('Too many malformed messages.');
    expect(logger.complaints.length).toBeLessThanOrEqual(101);
    const other = new Window();
    core.connect(other);
    const { channel } = await other.attach(id);
    shell.print('alive');
    await other.until(() => (other.output(channel) === 'alive' ? true : undefined));
  });

  it('that goes away is let go of: nothing waits for it', async () => {
    const { core, id, shell, window } = await openTab();
    await window.attach(id);
    for (let count = 0; count < 20; count += 1) shell.print('x'.repeat(65_536));
    expect(shell.paused).toBe(true);
    window.close('gone');
    expect(shell.paused).toBe(false);
    expect(core.liveSessions).toBe(1);
  });

  it('exports a session while it lives and after its end', async () => {
    const { exported, id, shell, window } = await openTab();
    shell.print('recorded\r\n');
    await window.ask('sessions.export', { id, format: 'text' });
    await window.ask('sessions.close', { id, force: true });
    await window.ask('sessions.export', { id, format: 'json' });
    const texts = await Promise.all(
      exported.map(async (source) => {
        let text = '';
        for await (const part of source.open()) text += part;
        return text;
      }),
    );
    expect(texts[0]).toContain('recorded');
    expect(JSON.parse(texts[1] ?? '')).toMatchObject({ id, end: { reason: 'closed' }, app: { version: '1.2.3' } });
    expect((await window.ask('sessions.events', { id })).events).not.toEqual([]);
  });

  it('sees changed settings in every window, and is refused what is not valid', async () => {
    const { core, window } = await coreWithWindow();
    const other = new Window();
    core.connect(other);
    await window.ask('settings.change', { changes: [{ path: 'terminal.fontSize', value: 15 }] });
    expect(other.notifications('settingsChanged')).toMatchObject([{ preferences: { terminal: { fontSize: 15 } } }]);
    const tooShort = { changes: [{ path: 'limits.local.idleTimeoutSeconds' as const, value: 5 }] };
    await expect(window.ask('settings.change', tooShort)).rejects.toThrow('invalid_setting');
    expect(await window.ask('settings.get', {})).toMatchObject({ origins: { 'terminal.fontSize': 'settings' } });
  });
});
