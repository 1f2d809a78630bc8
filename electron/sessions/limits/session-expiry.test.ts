import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../shared/limits.ts';
import type { Session } from '../session.ts';
import { limitsWith } from '../testing/limits.ts';
import { startedSession, user } from '../testing/open-session.ts';

const FREEZE_MS = 10_000;
const POLL_MS = 500;
const key = Uint8Array.of(0x61);

/** A session that freezes when its time is up: idle after 900 s, over after 3600 s, thawed within 600 s. */
function freezing(values: Partial<Limits> = {}) {
  return startedSession({
    limits: limitsWith({
      idleTimeoutSeconds: 900,
      maxDurationSeconds: 3_600,
      extensions: { count: 1, seconds: 1_800 },
      onExpiry: 'freeze',
      ...values,
    }),
  });
}

describe('a session that closes when its time is up', () => {
  it.each([
    ['idle_timeout', { idleTimeoutSeconds: 900 }],
    ['max_duration', { maxDurationSeconds: 900 }],
  ] as const)('says which limit it was: %s', async (reason, limits) => {
    const { clock, session } = await startedSession({ limits: limitsWith(limits) });
    await clock.advance(900_000);
    expect(session.ended).toMatchObject({ reason, expired: reason, limitSeconds: 900 });
  });

  it('names no limit when it ends for another reason', async () => {
    const { session } = await startedSession({ limits: limitsWith({ idleTimeoutSeconds: 900 }) });
    expect(await session.end('closed')).toMatchObject({ expired: null, limitSeconds: null });
  });
});

describe('a session that is replaced by a new one', () => {
  it.each([
    ['idle_timeout', { idleTimeoutSeconds: 900 }],
    ['max_duration', { maxDurationSeconds: 900 }],
  ] as const)('ends as auto_reset, with the notice of its limit: %s', async (expired, limits) => {
    const { clock, recorders, session } = await startedSession({
      limits: limitsWith({ ...limits, onExpiry: 'reset' }),
    });
    await clock.advance(900_000);
    expect(session.ended).toMatchObject({ reason: 'auto_reset', expired, limitSeconds: 900 });
    const recorded = recorders.lines.join('');
    expect(recorded).toContain('Session timeout - connection closed');
    expect(recorded).toContain('Press any key to open a fresh session.');
  });
});

describe('a session that its idle timeout freezes', () => {
  it('is stopped where it stands, says so, and closes when it is not thawed in time', async () => {
    const { clock, events, log, recorders, session } = await freezing();
    await clock.advance(900_000);
    expect(session.info()).toMatchObject({ state: 'frozen', frozenBy: 'idle_timeout', end: null });
    expect(events.at(-1)).toMatchObject({ type: 'session:frozen', by: 'idle_timeout' });
    expect(log).toContain('freeze');
    expect(recorders.lines).toContain('m frozen: idle timeout');
    expect(session.timing()).toMatchObject({ idleRemainingMs: null, thawRemainingMs: 600_000 });
    await clock.advance(599_999);
    expect(session.timing().thawRemainingMs).toBe(1);
    expect(session.ended).toBeNull();
    await clock.advance(1);
    expect(session.ended).toMatchObject({ reason: 'idle_timeout', expired: 'idle_timeout', limitSeconds: 900 });
    expect(session.info().frozenBy).toBeNull();
    expect(log.filter((entry) => entry.startsWith('late'))).toEqual(['late 0', 'late 0']);
    expect(clock.timers).toBe(0);
  });

  it('continues when it is thawed, which counts as activity', async () => {
    const { clock, events, session } = await freezing();
    await clock.advance(1_000_000);
    expect(await session.thaw()).toEqual({ ok: true });
    expect(session.info()).toMatchObject({ state: 'waiting', frozenBy: null });
    expect(events.find(({ type }) => type === 'session:thawed')).toMatchObject({ frozenSeconds: 100 });
    expect(session.timing()).toMatchObject({
      idleMs: 0,
      idleRemainingMs: 900_000,
      thawRemainingMs: null,
      lastActivity: { kind: 'keep_open' },
    });
    expect(events.some(({ type }) => type === 'session:extended')).toBe(false);
    await clock.advance(900_000);
    expect(session.info().frozenBy).toBe('idle_timeout');
    await session.end('closed');
  });

  it('is thawed by a key press, and the key goes to the program', async () => {
    const { clock, process, session } = await freezing();
    await clock.advance(1_000_000);
    expect(session.write(key, user)).toBe('written');
    expect(session.write(key, user)).toBe('written');
    await clock.advance(0);
    expect(session.state).toBe('waiting');
    expect(process.written).toEqual(['a', 'a']);
    expect(session.events.filter(({ type }) => type === 'session:thawed')).toHaveLength(1);
    expect(session.timing().lastActivity.kind).toBe('input');
    await session.end('closed');
  });

  it('is not thawed by what the terminal answers by itself', async () => {
    const { clock, session } = await freezing();
    await clock.advance(900_000);
    session.write(new TextEncoder().encode('\x1b[1;1R'), { user: false });
    await clock.advance(600_000);
    expect(session.ended?.reason).toBe('idle_timeout');
  });

  it('is thawed by the wish to keep it open', async () => {
    const { clock, session } = await freezing();
    await clock.advance(900_000);
    session.keepOpen();
    await clock.advance(0);
    expect(session.state).toBe('waiting');
    await session.end('closed');
  });

  it('is thawed by an extension, which lengthens its new idle period', async () => {
    const { clock, session } = await freezing({ maxDurationSeconds: 0 });
    await clock.advance(900_000);
    expect(session.extend()).toEqual({ ok: true, seconds: 1_800 });
    await clock.advance(0);
    expect(session.state).toBe('waiting');
    expect(session.timing().idleRemainingMs).toBe(2_700_000);
    expect(session.info().extensions.used).toBe(1);
    await session.end('closed');
  });

  it('leaves an extension of the idle period that has passed behind', async () => {
    const { clock, session } = await freezing({ maxDurationSeconds: 0 });
    session.extend();
    await clock.advance(2_700_000);
    expect(session.state).toBe('frozen');
    await session.thaw();
    expect(session.timing().idleRemainingMs).toBe(900_000);
    await session.end('closed');
  });

  it('is past its thaw window after a long sleep of the machine, and is found so', async () => {
    const { clock, session } = await freezing();
    await clock.advance(900_000);
    clock.suspend(601_000);
    expect(session.overdueMs).toBe(1_000);
    session.checkDeadlines();
    expect((await session.end('closed')).reason).toBe('idle_timeout');
  });

  it('follows a new thaw window at once', async () => {
    const { clock, session } = await freezing();
    await clock.advance(900_000);
    session.updateLimits(limitsWith({ idleTimeoutSeconds: 900, onExpiry: 'freeze', thawWindowSeconds: 60 }));
    expect(session.timing().thawRemainingMs).toBe(60_000);
    await clock.advance(60_000);
    expect(session.ended?.reason).toBe('idle_timeout');
  });

  it('was warned before, and is not warned while it is frozen', async () => {
    const { clock, events, session } = await freezing({ warnBeforeSeconds: [300], maxDurationSeconds: 1_400 });
    await clock.advance(900_000);
    expect(session.info().warning).toBeNull();
    await clock.advance(300_000);
    expect(events.filter(({ type }) => type === 'session:warning')).toHaveLength(1);
    await session.end('closed');
  });
});

describe('a session that its maximum duration freezes', () => {
  it('is frozen only while it has an extension left, and spends it when it is thawed', async () => {
    const { clock, events, session } = await freezing({ idleTimeoutSeconds: 0 });
    await clock.advance(3_600_000);
    expect(session.info()).toMatchObject({ state: 'frozen', frozenBy: 'max_duration' });
    expect(session.timing()).toMatchObject({ maxRemainingMs: 0, thawRemainingMs: 600_000 });
    await clock.advance(100_000);
    expect(session.timing()).toMatchObject({ maxRemainingMs: 0, thawRemainingMs: 500_000 });
    session.write(key, user);
    await clock.advance(0);
    expect(session.info()).toMatchObject({ state: 'waiting', extensions: { used: 1, count: 1 } });
    expect(events.find(({ type }) => type === 'session:extended')).toMatchObject({
      by: 'user',
      used: 1,
      seconds: 1_800,
    });
    // The extension counts from the old deadline.
    expect(session.timing().maxRemainingMs).toBe(1_700_000);
    await clock.advance(1_700_000);
    expect(session.ended).toMatchObject({ reason: 'max_duration', limitSeconds: 5_400 });
  });

  it('closes when it is not thawed', async () => {
    const { clock, session } = await freezing({ idleTimeoutSeconds: 0 });
    await clock.advance(4_199_999);
    expect(session.ended).toBeNull();
    await clock.advance(1);
    expect(session.ended).toMatchObject({ reason: 'max_duration', expired: 'max_duration', limitSeconds: 3_600 });
  });

  it('closes at once when it has no extension left', async () => {
    const { clock, events, session } = await freezing({ idleTimeoutSeconds: 0, extensions: { count: 0, seconds: 60 } });
    await clock.advance(3_600_000);
    expect(session.ended?.reason).toBe('max_duration');
    expect(events.some(({ type }) => type === 'session:frozen')).toBe(false);
  });

  it('closes at once when the policy allows no extension', async () => {
    const limits = limitsWith({ maxDurationSeconds: 3_600, onExpiry: 'freeze' });
    const { clock, session } = await startedSession({
      limits: { ...limits, caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 3_600 } },
    });
    await clock.advance(3_600_000);
    expect(session.ended?.reason).toBe('max_duration');
  });

  it('cannot be thawed once the extension would be over', async () => {
    const { clock, session } = await freezing({ idleTimeoutSeconds: 0, extensions: { count: 1, seconds: 60 } });
    await clock.advance(3_600_000);
    expect(session.timing().thawRemainingMs).toBe(60_000);
    await clock.advance(60_000);
    expect(session.ended?.reason).toBe('max_duration');
  });

  it('continues when the user extends it, and spends one extension for that', async () => {
    const { clock, session } = await freezing({ idleTimeoutSeconds: 0, extensions: { count: 2, seconds: 1_800 } });
    await clock.advance(3_600_000);
    expect(session.extend()).toEqual({ ok: true, seconds: 1_800 });
    await clock.advance(0);
    expect(session.info()).toMatchObject({ state: 'waiting', extensions: { used: 1 } });
    expect(session.timing().maxRemainingMs).toBe(1_800_000);
    await session.end('closed');
  });

  it('may have been frozen by its idle timeout before: then the thaw spends the extension', async () => {
    const { clock, session } = await freezing({ idleTimeoutSeconds: 3_300 });
    await clock.advance(3_300_000);
    expect(session.info().frozenBy).toBe('idle_timeout');
    await clock.advance(500_000);
    expect(session.info()).toMatchObject({ state: 'frozen', frozenBy: 'idle_timeout' });
    await session.thaw();
    expect(session.info().extensions.used).toBe(1);
    expect(session.timing().maxRemainingMs).toBe(1_600_000);
    await session.end('closed');
  });

  it('closes at its maximum duration when its idle timeout froze it before and no extension is left', async () => {
    const { clock, session } = await freezing({ idleTimeoutSeconds: 3_300, extensions: { count: 0, seconds: 1 } });
    await clock.advance(3_600_000);
    expect(session.ended).toMatchObject({ reason: 'max_duration', limitSeconds: 3_600 });
  });

  it('may have been frozen by the user before: then it has its thaw window from then on', async () => {
    const { clock, events, log, process, session } = await freezing();
    await session.freeze();
    process.freeze = () => Promise.resolve('It is paused already.');
    await clock.advance(3_600_000);
    expect(session.info()).toMatchObject({ state: 'frozen', frozenBy: 'max_duration' });
    expect(events.filter(({ type }) => type === 'session:frozen')).toMatchObject([
      { by: null },
      { by: 'max_duration' },
    ]);
    await session.thaw();
    expect(events.find(({ type }) => type === 'session:thawed')).toMatchObject({ frozenSeconds: 3_600 });
    expect(log.filter((entry) => entry === 'thaw')).toHaveLength(1);
    await session.end('closed');
  });
});

describe('a session that is being frozen because its time is up', () => {
  it('closes where it cannot be, and the log says why', async () => {
    const { clock, logger, process, session } = await freezing();
    process.freeze = () => Promise.resolve('Programs cannot be frozen on Windows.');
    await clock.advance(900_000);
    expect(session.ended?.reason).toBe('idle_timeout');
    expect(logger.complaints).toEqual(['A session whose time is up could not be frozen, and closes']);
  });

  it('closes also when asking throws, or takes too long', async () => {
    for (const freeze of [() => Promise.reject(new Error('gone')), () => new Promise<null>(() => {})]) {
      const { clock, process, session } = await freezing();
      process.freeze = freeze;
      await clock.advance(900_000 + FREEZE_MS);
      expect(session.ended?.reason).toBe('idle_timeout');
      expect(clock.timers).toBe(0);
    }
  });

  it('continues when the user types while it is being frozen', async () => {
    const { clock, log, process, session } = await freezing();
    const frozen = Promise.withResolvers<null>();
    process.freeze = () => frozen.promise;
    await clock.advance(900_000);
    session.write(key, user);
    frozen.resolve(null);
    await clock.advance(0);
    expect(session.state).toBe('waiting');
    expect(log.filter((entry) => entry.startsWith('session:'))).toEqual([
      'session:start',
      'session:frozen',
      'session:thawed',
    ]);
    await session.end('closed');
  });

  it('rests for as long as the user likes who was quicker to freeze it', async () => {
    const { clock, process, session } = await freezing({ maxDurationSeconds: 0 });
    const frozen = Promise.withResolvers<null>();
    process.freeze = () => frozen.promise;
    await clock.advance(899_000);
    const byUser = session.freeze();
    await clock.advance(1_000);
    frozen.resolve(null);
    expect(await byUser).toEqual({ ok: true });
    await clock.advance(1_000_000);
    expect(session.info()).toMatchObject({ state: 'frozen', frozenBy: null });
    expect(session.events.filter(({ type }) => type === 'session:frozen')).toHaveLength(1);
    await session.end('closed');
  });

  it('ends once when it is closed while it is being frozen', async () => {
    const { clock, process, session } = await freezing();
    const frozen = Promise.withResolvers<null>();
    process.freeze = () => frozen.promise;
    await clock.advance(900_000);
    const end = session.end('closed');
    frozen.resolve(null);
    expect((await end).reason).toBe('closed');
    await clock.advance(FREEZE_MS);
    expect(session.events.some(({ type }) => type === 'session:frozen')).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it('says so when it cannot be thawed, and closes at the end of its thaw window', async () => {
    const { clock, logger, process, session } = await freezing();
    process.thaw = () => Promise.resolve('The container engine does not answer.');
    await clock.advance(900_000);
    expect(await session.thaw()).toEqual({ ok: false, message: 'The container engine does not answer.' });
    session.write(key, user);
    await clock.advance(600_000);
    expect(logger.complaints).toEqual(['A frozen session could not be thawed']);
    expect(session.ended?.reason).toBe('idle_timeout');
  });
});

describe('a session with a maximum of commands', () => {
  const type = (session: Session, text: string) => session.write(new TextEncoder().encode(text), user);

  it('lets the last of them finish and closes then, naming the limit', async () => {
    const { clock, process, recorders, session } = await startedSession({ limits: limitsWith({ maxCommands: 2 }) });
    type(session, 'cd /\r');
    expect(session.info().commands).toEqual({ used: 1, source: 'lines' });
    type(session, 'make\r');
    process.inFront = { isShell: false, command: 'make' };
    await session.refreshForeground();
    type(session, 'an answer for make\r');
    await clock.advance(60_000);
    expect(session.ended).toBeNull();
    process.inFront = { isShell: true, command: null };
    await clock.advance(POLL_MS);
    expect(session.ended).toMatchObject({ reason: 'command_limit', expired: 'command_limit', limitSeconds: null });
    expect(recorders.lines.join('')).toContain('Command limit reached - connection closed');
    expect(process.written.join('')).toBe('cd /\rmake\ran answer for make\r');
    expect(clock.timers).toBe(0);
  });

  it('does not pass on a command beyond the last', async () => {
    const { process, session } = await startedSession({ limits: limitsWith({ maxCommands: 1 }) });
    expect(type(session, 'one\rtwo\r')).toBe('written');
    expect(type(session, 'three\r')).toBe('command_limit');
    expect(session.extend()).toEqual({
      ok: false,
      message: 'The session has run its last allowed command and is closing. More time does not change that.',
    });
    expect(session.keepOpen()).toMatchObject({ ok: false });
    expect((await session.end('closed')).reason).toBe('command_limit');
    expect(process.written.join('')).toBe('one\r');
  });

  it('may run one more where the limit is lowered to what it has run already', async () => {
    const { clock, process, session } = await startedSession({ limits: limitsWith({ maxCommands: 5 }) });
    for (const command of ['one\r', 'two\r', 'three\r']) type(session, command);
    session.updateLimits(limitsWith({ maxCommands: 1 }));
    await clock.advance(60_000);
    expect(session.ended).toBeNull();
    type(session, 'four\r');
    await clock.advance(2 * POLL_MS);
    expect(session.ended?.reason).toBe('command_limit');
    expect(process.written.join('')).toBe('one\rtwo\rthree\rfour\r');
  });

  it('closes when shell integration marks that the last is done', async () => {
    const { process, session } = await startedSession({ limits: limitsWith({ maxCommands: 1 }) });
    process.print('\x1b]133;A\x07$ ');
    type(session, 'ls\r');
    process.print('\x1b]133;C\x07file\r\n');
    expect(session.isEnding).toBe(false);
    expect(session.info().commands).toEqual({ used: 1, source: 'marks' });
    process.print('\x1b]133;D;0\x07');
    expect((await session.end('closed')).reason).toBe('command_limit');
  });

  it('is replaced by a new one where that is wanted, and is never frozen for it', async () => {
    for (const [onExpiry, reason] of [
      ['reset', 'auto_reset'],
      ['freeze', 'command_limit'],
    ] as const) {
      const { log, recorders, session } = await startedSession({ limits: limitsWith({ maxCommands: 1, onExpiry }) });
      type(session, 'a\r');
      type(session, 'b\r');
      expect(await session.end('closed')).toMatchObject({ reason, expired: 'command_limit', limitSeconds: null });
      expect(log).not.toContain('freeze');
      expect(recorders.lines.join('')).toContain('Command limit reached');
    }
  });

  it('does not close while it is frozen', async () => {
    const { clock, session } = await startedSession({ limits: limitsWith({ maxCommands: 1 }) });
    type(session, 'a\r');
    await session.freeze();
    await clock.advance(60_000);
    expect(session.state).toBe('frozen');
    await session.thaw();
    await clock.advance(2 * POLL_MS);
    expect(session.ended?.reason).toBe('command_limit');
  });

  it('follows a new maximum at once', async () => {
    const { clock, session } = await startedSession();
    type(session, 'a\rb\rc\r');
    session.updateLimits(limitsWith({ maxCommands: 4 }));
    type(session, 'd\r');
    await clock.advance(2 * POLL_MS);
    expect(session.ended?.reason).toBe('command_limit');
  });

  it('closes for its time when its last command takes longer than that', async () => {
    const { clock, process, session } = await startedSession({
      limits: limitsWith({ maxCommands: 1, maxDurationSeconds: 60 }),
    });
    type(session, 'sleep 1000\r');
    process.inFront = { isShell: false, command: 'sleep' };
    await clock.advance(60_000);
    expect(session.ended).toMatchObject({ reason: 'max_duration', expired: 'max_duration' });
  });
});
