import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Terminal } from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeAck, encodeBytes, type Replay } from '../../shared/frames.ts';
import type { LimitOrigin } from '../../shared/limits.ts';
import { type SessionEnd, sessionInfoSchema } from '../../shared/session.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS, type SettingPath } from '../../shared/settings.ts';
import { SystemClock } from '../base/clock.ts';
import { Channels } from '../core/channels.ts';
import type { RestoredSession } from '../journal/journal.ts';
import { createSessionMetrics } from '../metrics/session-metrics.ts';
import { encodeHeader } from '../recording/encoder.ts';
import { METADATA, SESSION_ID, STARTED_AT, TempFolder } from '../recording/testing/recordings.ts';
import { SessionManager } from './manager.ts';
import { RestoredTab, restoredTabs } from './restored-tab.ts';
import { profileWith } from './testing/profiles.ts';
import { backendsOf, keepingLogger, StandInBackend, StandInRecorders } from './testing/stand-ins.ts';
import { TestClock } from './testing/test-clock.ts';

const header = (cols = 80, rows = 24): string =>
  encodeHeader({
    sessionId: SESSION_ID,
    cols,
    rows,
    startedAt: STARTED_AT,
    title: '',
    command: '',
    environment: {},
    tags: [],
  }).toString();
const output = (text: string): string => `[0.010, "o", ${JSON.stringify(text)}]\n`;

function restored(changes: Partial<RestoredSession> = {}): RestoredSession {
  const { events, endedAt, durationSeconds, end, recording, ...record } = METADATA;
  const crash: SessionEnd = { ...end, reason: 'app_crash', exitCode: null, durationSeconds: 2.5 };
  return { record, events, end: crash, recording: { ...recording, bytes: 10 }, ...changes };
}

async function tabWith(temp: TempFolder, recording: string | Buffer | null, changes: Partial<RestoredSession> = {}) {
  const dismissed: string[] = [];
  const [tab] = restoredTabs([restored(changes)], {
    recorders: { folderOf: (id) => join(temp.path, id) },
    clock: new SystemClock(),
    journal: { dismiss: (id) => void dismissed.push(id) },
  });
  if (tab === undefined) throw new Error('There is no tab');
  const folder = join(temp.path, SESSION_ID);
  await mkdir(folder);
  if (recording !== null) await writeFile(join(folder, 'recording.cast'), recording);
  return { tab, dismissed, file: join(folder, 'recording.cast') };
}

/** What a window shows that attaches to the tab; its frames are acknowledged as they come. */
async function show(tab: RestoredTab) {
  const shown = await tab.open();
  const terminal = new Terminal({ allowProposedApi: true, ...shown.size, scrollback: 5_000 });
  const sent: string[] = [];
  terminal.onData((data) => sent.push(data));
  const closed = Promise.withResolvers<string>();
  let replay: Replay | undefined;
  const channels = new Channels({
    send(buffer) {
      const frame = decodeFrame(buffer);
      // What is typed into it reaches no program, and the window hears so.
      if (frame?.kind === 'inputDropped') return;
      if (frame?.kind === 'opened') {
        expect(replay).toBeUndefined();
        replay = frame;
        terminal.resize(frame.cols, frame.rows);
        return;
      }
      if (frame?.kind === 'size') {
        terminal.write('', () => terminal.resize(frame.cols, frame.rows));
        return;
      }
      if (frame?.kind !== 'output') throw new Error('Not output');
      const { bytes } = frame;
      terminal.write(bytes, () => channels.receive(encodeAck(frame.channel, bytes.byteLength)));
    },
    onClosed: ({ reason }) => terminal.write('', () => closed.resolve(reason)),
  });
  await channels.attach({ open: async () => shown }, 1);
  expect(channels.receive(encodeBytes('userInput', 1, Buffer.from('typed')))).toBe(true);
  expect(await closed.promise).toBe('ended');
  const { active } = terminal.buffer;
  const rows = Array.from(
    { length: active.length },
    (_value, row) => active.getLine(row)?.translateToString(true) ?? '',
  );
  return { replay, rows, text: rows.join('\n').trimEnd(), terminal, sent, shown };
}

function managerOn(clock: TestClock): SessionManager {
  const preferences = DEFAULT_SETTINGS;
  const origins = Object.fromEntries(SETTING_PATHS.map((path) => [path, 'default'])) as Record<
    SettingPath,
    LimitOrigin
  >;
  return new SessionManager({
    clock,
    backends: backendsOf(new StandInBackend([])),
    recorders: new StandInRecorders([]),
    settings: {
      settings: preferences,
      effective: { preferences, origins },
      policy: { ok: true, policy: policySchema.parse({}), file: null },
      profile: () => profileWith(),
      onChange: () => () => {},
    },
    metrics: createSessionMetrics(() => clock.wall()),
    logger: keepingLogger(),
    app: { name: 'Sandglass', version: '1' },
    writeMetadata: async () => {},
  });
}

describe('a tab of a session of an earlier run', () => {
  test('shows what is known of it, as a window takes it', async () => {
    await using temp = await TempFolder.make();
    const { tab, dismissed } = await tabWith(temp, null);
    const info = sessionInfoSchema.parse(tab.info());
    expect(info).toMatchObject({
      id: SESSION_ID,
      restored: true,
      state: 'ended',
      title: 'zsh',
      createdAt: STARTED_AT,
      end: { reason: 'app_crash' },
      timing: { ageMs: 2_500, idleRemainingMs: null, maxRemainingMs: null },
      extensions: { used: 0, count: 2, seconds: 1_800 },
      recording: { state: 'closed', bytes: 10 },
    });
    tab.rename('mine');
    expect(tab.info().title).toBe('mine');
    tab.dismiss();
    expect(dismissed).toEqual([SESSION_ID]);
    const unrecorded = new RestoredTab(restored({ recording: null }), {
      recordingFile: '/nowhere',
      clock: new SystemClock(),
      onDismissed: () => {},
    });
    expect(unrecorded.info().recording.state).toBe('none');
    expect(unrecorded.unwrittenMetadata).toBeNull();
  });

  test('shows its last output, in the size its terminal had at last', async () => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(
      temp,
      `${header()}${output('$ make\r\n')}[0.100, "i", "typed"]\n[0.100, "r", "120x40"]\n${output('größe 日本\r\n')}[0, "m", "x"]\n`,
    );
    const { text, replay, shown, sent } = await show(tab);
    expect(text).toBe('$ make\ngröße 日本');
    expect(replay?.replayTruncated).toBe(false);
    expect(shown.size).toEqual({ cols: 120, rows: 40 });
    expect(tab.info()).toMatchObject({ cols: 120, rows: 40 });
    // What is typed goes nowhere, and no program is said not to read it.
    expect(sent).toEqual([]);
  });

  test('leaves a full-screen program that the crash tore, and gives no answers a second time', async () => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(
      temp,
      `${header()}${output('before\r\n')}${output('\u001b[?1049h\u001b[?1003h\u001b[?25l\u001b[2Jvim\u001b[')}`,
    );
    const { text, terminal, shown } = await show(tab);
    expect(terminal.buffer.active.type).toBe('normal');
    expect(terminal.modes.mouseTrackingMode).toBe('none');
    expect(text).toBe('before');
    const watcher = shown.watch({ headerBytes: 0, deliver: () => {}, onClosed: () => {} });
    expect(watcher.repliesWanted).toBe(false);
    watcher.detach();
  });

  test('shows only the end of a large recording, and says that there was more', async () => {
    await using temp = await TempFolder.make();
    const lines = Array.from({ length: 40_000 }, (_value, index) => output(`line ${index} ${'x'.repeat(500)}\r\n`));
    const { tab } = await tabWith(temp, header(100, 30) + lines.join(''));
    const { replay, text, shown } = await show(tab);
    expect(replay?.replayTruncated).toBe(true);
    expect(replay?.replayBytes).toBeLessThan(3 * 1_048_576);
    expect(text).toContain('line 39999 ');
    expect(shown.size).toEqual({ cols: 100, rows: 30 });
  });

  test.each([
    ['There is no recording of it.', null, 'There is no recording of it.'],
    [
      'Parts of its recording are damaged.',
      `${header()}${output('one\r\n')}nonsense\n${output('two\r\n')}[0.1, "o`,
      'one\ntwo',
    ],
    ['Parts of its recording are damaged.', `nonsense\n${output('one\r\n')}`, 'one'],
  ])('shows what can be read, and says what is missing: %s', async (message, recording, shownText) => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(temp, recording);
    const { text } = await show(tab);
    expect(text).toContain(shownText);
    expect(text.endsWith(message)).toBe(true);
  });

  test('does not follow a link, wait for a pipe, or stumble over a huge hole', async () => {
    await using temp = await TempFolder.make();
    const secret = join(temp.path, 'secret');
    await writeFile(secret, `${header()}${output('secret')}`);
    const { tab, file } = await tabWith(temp, null);
    await symlink(secret, file);
    expect((await show(tab)).text).toBe('\nIts recording is not a regular file.');
    await rm(file);
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [file]);
      expect((await show(tab)).text).toBe('\nIts recording is not a regular file.');
      await rm(file);
    }
    await writeFile(file, `${header()}${output('one')}`);
    await truncate(file, 40 * 1_048_576);
    expect((await show(tab)).text).toContain('Parts of its recording are damaged.');
  });

  test('can be watched by several windows, one after the other', async () => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(temp, `${header()}${output('again\r\n')}`);
    for (let window = 0; window < 3; window += 1) expect((await show(tab)).text).toBe('again');
  });

  test('is shown on its channel also when a tab that was attached later opens first', async () => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(temp, `${header()}${output('slow\r\n')}`);
    const opened: number[] = [];
    const channels = new Channels({
      send(buffer) {
        const frame = decodeFrame(buffer);
        if (frame?.kind === 'opened') opened.push(frame.channel);
      },
      onClosed: () => {},
    });
    const quick = await tab.open();
    const held = Promise.withResolvers<void>();
    const slow = channels.attach({ open: () => held.promise.then(() => tab.open()) }, 1);
    await channels.attach({ open: async () => quick }, 2);
    held.resolve();
    await slow;
    expect(opened).toEqual([2, 1]);
  });

  test('is not attached to a window that is gone', async () => {
    await using temp = await TempFolder.make();
    const { tab } = await tabWith(temp, header());
    const channels = new Channels({ send: () => {}, onClosed: () => {} });
    const attaching = channels.attach(tab, 1);
    channels.close();
    await expect(attaching).rejects.toThrow('The window is gone.');
  });
});

describe('a manager', () => {
  test('shows the tabs of an earlier run before those of this one, until they are dismissed', async () => {
    const clock = new TestClock();
    const manager = managerOn(clock);
    const dismissed: string[] = [];
    const [a, b] = ['01M7ZBN260ABCDEFGH00000001', '01M7ZBN260ABCDEFGH00000002'] as const;
    const { record } = restored();
    const tabs = [a, b].map(
      (id) =>
        new RestoredTab(restored({ record: { ...record, id } }), {
          recordingFile: '/nowhere',
          clock,
          onDismissed: (gone) => dismissed.push(gone),
        }),
    );
    const news: unknown[] = [];
    manager.on('restored', ({ id, title }) => news.push(`restored ${id} ${title}`));
    manager.on('reordered', (ids) => news.push(ids));
    manager.on('removed', (id) => news.push(`removed ${id}`));
    const { id: c, started } = manager.open({ cols: 80, rows: 24 });
    await started;

    manager.restore(tabs);
    manager.restore(tabs);
    expect(manager.tabs().map(({ id }) => id)).toEqual([a, b, c]);
    expect(manager.list().map(({ id }) => id)).toEqual([c]);
    expect(manager.get(a)).toBeUndefined();
    expect(manager.metrics()).toMatchObject({ total: 1, active: 1 });
    const tab = manager.tab(a);
    if (tab !== undefined) manager.rename(tab, 'mine');
    manager.reorder([c, b]);
    manager.clockChanged();
    manager.sweep();
    expect(manager.tabs().map(({ id }) => id)).toEqual([c, b, a]);
    manager.dismiss(b);
    expect(await manager.close(a, false)).toBeNull();
    expect(manager.tabs().map(({ id }) => id)).toEqual([c]);
    expect(dismissed).toEqual([b, a]);
    expect(news).toEqual([
      `restored ${a} zsh`,
      `restored ${b} zsh`,
      [a, b, c],
      `restored ${a} mine`,
      [c, b, a],
      `removed ${b}`,
      `removed ${a}`,
    ]);

    // What was reopened does not come back, whether or not a window closes its tab.
    manager.restore(tabs);
    const reopened = manager.open({ previousId: a, cols: 80, rows: 24 });
    await reopened.started;
    expect(dismissed).toEqual([b, a, a]);
    expect(manager.tabs().map(({ id }) => id)).toEqual([a, reopened.id, b, c]);
    manager.dismiss(a);
    manager.dismiss(b);
    dismissed.length = 0;

    // A quit is no dismissal.
    manager.restore(tabs);
    await manager.quit();
    manager.restore(tabs);
    expect(manager.tabs()).toEqual([]);
    expect(dismissed).toEqual([]);
  });
});
