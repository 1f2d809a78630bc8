import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Terminal } from '@xterm/headless';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { LimitOrigin, PartialLimits } from '../../shared/limits.ts';
import { metadataSchema } from '../../shared/recording.ts';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS, type SettingPath } from '../../shared/settings.ts';
import { createPtyBackend } from '../backends/pty.ts';
import { createSessionMetrics } from '../metrics/session-metrics.ts';
import { readMetadata, writeMetadata } from '../recording/metadata.ts';
import { createRecorderFactory } from '../recording/recorder-factory.ts';
import { SystemClock } from './clock.ts';
import { SessionManager } from './manager.ts';
import { describeEndedSession } from './metadata.ts';
import type { Session } from './session.ts';
import { profileWith } from './testing/profiles.ts';
import { backendsOf, keepingLogger } from './testing/stand-ins.ts';

/** Real shells, real time, real files: everything but the window. Linux has what the checks read. */

const folder = mkdtempSync(join(tmpdir(), 'sandglass-real-'));
const clock = new SystemClock();
const logger = keepingLogger();
const recorders = createRecorderFactory({ folder, clock, logger });
const preferences = structuredClone(DEFAULT_SETTINGS);
preferences.limits.local = { idleTimeoutSeconds: 0, maxDurationSeconds: 0 };
preferences.limits.warnBeforeSeconds = [1];
let limits: PartialLimits = {};
const origins = Object.fromEntries(SETTING_PATHS.map((path) => [path, 'default'])) as Record<SettingPath, LimitOrigin>;

const manager = new SessionManager({
  clock,
  backends: backendsOf(
    createPtyBackend({ log: logger, environment: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' } }),
  ),
  recorders,
  settings: {
    settings: preferences,
    effective: { preferences, origins },
    policy: { ok: true, policy: policySchema.parse({ minimumTimeoutSeconds: 1 }), file: null },
    problems: [],
    profile: () =>
      profileWith({ shell: '/bin/bash', args: ['--norc', '--noprofile'], limits, environment: { PS1: '$ ' } }),
    change: () => {},
    onChange: () => () => {},
  },
  metrics: createSessionMetrics(() => clock.wall()),
  logger,
  async writeMetadata(session, event, recording) {
    if (recording === null) return;
    await writeMetadata(
      recorders.folderOf(session.id),
      describeEndedSession(session, event, recording, { name: 'x', version: '1' }),
    );
  },
});

/** A window that shows everything at once, and can be waited for. */
class Screen {
  readonly terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, scrollback: 5_000 });
  readonly session: Session;
  readonly closed: Promise<void>;
  #changed: () => void = () => {};

  constructor(session: Session) {
    this.session = session;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const watcher = session.watch({
      headerBytes: 0,
      deliver: (buffer) =>
        this.terminal.write(buffer, () => {
          watcher.acknowledge(buffer.byteLength);
          this.#changed();
        }),
      // What was delivered last is parsed before this.
      onClosed: () => this.terminal.write('', resolve),
    });
    this.terminal.onData((data) => session.write(Buffer.from(data), { user: false }));
  }

  get rows(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from({ length: active.length }, (_value, row) => active.getLine(row)?.translateToString(true) ?? '');
  }

  type(text: string): void {
    this.session.write(Buffer.from(text), { user: true });
  }

  /** Resolves when the screen is as wanted. */
  async until(wanted: (rows: string[]) => boolean): Promise<void> {
    while (!wanted(this.rows)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async prompt(): Promise<void> {
    await this.until((rows) => rows.some((row) => row.startsWith('$')));
  }
}

async function openScreen(some: PartialLimits = {}): Promise<Screen> {
  limits = { closeGraceSeconds: 0.5, ...some };
  const session = manager.open({ cols: 80, rows: 24 });
  const screen = new Screen(session);
  await screen.prompt();
  return screen;
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((place) => existsSync(join(place, program)));
}

function processesOf(session: Session): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/environ`, 'latin1').includes(`SANDGLASS_SESSION_ID=${session.id}`);
    } catch {
      return false;
    }
  });
}

function recordedText(session: Session): string {
  const lines = readFileSync(join(recorders.folderOf(session.id), 'recording.cast'), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  return lines
    .map((line) => JSON.parse(line))
    .filter(([, code]) => code === 'o')
    .map(([, , text]) => text)
    .join('');
}

afterEach(() => {
  for (const session of manager.list()) expect(session.ended === null ? [] : processesOf(session)).toEqual([]);
});

afterAll(async () => {
  await manager.quit();
  for (const session of manager.list()) expect(processesOf(session)).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe.runIf(process.platform === 'linux')('a session on a real shell', () => {
  it('runs, warns, times out, and leaves its recording and metadata, in agreement', async () => {
    const screen = await openScreen({ idleTimeoutSeconds: 2 });
    screen.type('echo $((6 * 7))\r');
    await screen.until((rows) => rows.includes('42'));
    await screen.closed;
    const end = await screen.session.end('closed');
    expect(end).toMatchObject({ reason: 'idle_timeout', limitSeconds: 2, survivors: [] });
    expect(screen.session.events.map((event) => event.type)).toContain('session:warning');
    expect(screen.rows.filter((row) => row === 'Session timeout - connection closed')).toHaveLength(1);
    const read = await readMetadata(recorders.folderOf(screen.session.id));
    if (!read.ok) throw new Error(read.message);
    const metadata = metadataSchema.parse(read.metadata);
    const cast = readFileSync(join(recorders.folderOf(screen.session.id), 'recording.cast'));
    expect(metadata.recording.sha256).toBe(createHash('sha256').update(cast).digest('hex'));
    expect(metadata.events.filter((event) => event.type === 'session:end')).toEqual([screen.session.events.at(-1)]);
    expect(metadata.recording.bytes).toBe(cast.byteLength);
    expect(recordedText(screen.session)).toContain('Session timeout - connection closed');
    expect(cast.toString()).toContain('"m", "warning: idle timeout in 1 s"');
  });

  it.skipIf(!isInstalled('vim') || !isInstalled('less')).each(['vim -u NONE', 'less'])(
    'shows its notice in a sane terminal, also from inside %s',
    async (program) => {
      const screen = await openScreen({ idleTimeoutSeconds: 2, warnBeforeSeconds: [] });
      const file = join(folder, 'some text');
      screen.type(`seq 1 200 > '${file}'; clear; ${program} '${file}'\r`);
      await screen.until(() => screen.terminal.buffer.active.type === 'alternate');
      await screen.closed;
      expect(screen.terminal.buffer.active.type).toBe('normal');
      expect(screen.rows).toContain('Session timeout - connection closed');
      expect(screen.terminal.modes.bracketedPasteMode).toBe(false);
      expect((await screen.session.end('closed')).reason).toBe('idle_timeout');
    },
  );

  it('shows its notice last, also while output is flooding', async () => {
    const screen = await openScreen({ maxDurationSeconds: 2, warnBeforeSeconds: [] });
    screen.type('yes flood\r');
    await screen.closed;
    const end = await screen.session.end('closed');
    expect(end.reason).toBe('max_duration');
    const last = screen.rows.slice(-24);
    expect(last).toContain('Session timeout - connection closed');
    expect(recordedText(screen.session)).toContain('Session timeout - connection closed');
  });

  it('shows its notice last even over a flood that cannot be stopped by SIGHUP', async () => {
    const screen = await openScreen({ maxDurationSeconds: 2, warnBeforeSeconds: [] });
    screen.type(`bash -c 'trap "" HUP; while :; do echo stubborn stubborn stubborn; done'\r`);
    await screen.closed;
    expect((await screen.session.end('closed')).survivors).toEqual([]);
    expect(screen.rows.slice(-24)).toContain('Session timeout - connection closed');
  });

  it('loses no output that a program writes right before it exits', async () => {
    const screen = await openScreen();
    screen.type('exec seq 1 4000\r');
    await screen.closed;
    expect((await screen.session.end('closed')).reason).toBe('exited');
    const numbers = screen.rows.filter((row) => /^\d+$/.test(row));
    expect(numbers).toEqual(Array.from({ length: 4_000 }, (_value, index) => String(index + 1)));
  });

  it('leaves no process behind: not one that ignores SIGHUP, nor one that hides', async () => {
    const screen = await openScreen();
    screen.type(`bash -c 'trap "" HUP TERM; echo one $((1 + 1)); while :; do sleep 1; done' &\r`);
    screen.type(`setsid bash -c '(sleep 1000 & echo two $((1 + 1))) &'\r`);
    await screen.until((rows) => ['one 2', 'two 2'].every((text) => rows.some((row) => row.includes(text))));
    expect(processesOf(screen.session).length).toBeGreaterThan(2);
    const end = await screen.session.end('closed');
    expect(end.survivors).toEqual([]);
    expect(processesOf(screen.session)).toEqual([]);
  });

  it('knows what runs in front', async () => {
    const screen = await openScreen();
    expect(await screen.session.refreshForeground()).toEqual({ isShell: true, command: null });
    screen.type('echo go; sleep 1000\r');
    await screen.until((rows) => rows.includes('go'));
    let foreground = await screen.session.refreshForeground();
    // Between fork and exec it is still called what the shell is.
    while (foreground.command !== 'sleep') foreground = await screen.session.refreshForeground();
    expect(foreground.isShell).toBe(false);
    expect(await manager.close(screen.session.id, false)).toEqual({ running: 'sleep' });
    await manager.close(screen.session.id, true);
    expect(screen.session.ended?.reason).toBe('closed');
  });

  it('is quick to close', async () => {
    const screen = await openScreen({ closeGraceSeconds: 30 });
    await screen.session.end('closed');
    expect(screen.session.ended?.survivors).toEqual([]);
  }, 10_000);
});
